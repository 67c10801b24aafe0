/** Text out of a file that nobody vouches for, as a terminal may show it: what could steer the terminal is not. */
export const toPlain = (text: string): string => text.replaceAll(/\p{C}/gu, "\ufffd").slice(0, 500);
