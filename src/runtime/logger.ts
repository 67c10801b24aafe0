/** The logger that the runtime is given. Messages are constants; what varies goes into fields. */

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger that adds fields to everything it writes. */
  child(fields: LogFields): Logger;
}
