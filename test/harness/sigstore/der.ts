// As much of DER (X.690) as certificates and timestamps take: what is written here is read by OpenSSL and @sigstore/core.

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  const significant = bytes.subarray(bytes.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.from([0x80 | significant.length]), significant]);
}

/** One value with its tag and length. */
export function encode(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), encodeLength(content.length), content]);
}

export const sequence = (...members: readonly Buffer[]): Buffer => encode(0x30, ...members);
/** Members of a set are in the order of their encodings. */
export const set = (...members: readonly Buffer[]): Buffer => encode(0x31, ...members.toSorted(Buffer.compare));
export const octets = (bytes: Buffer): Buffer => encode(0x04, bytes);
export const bits = (bytes: Buffer, unused = 0): Buffer => encode(0x03, Buffer.from([unused]), bytes);
export const utf8 = (text: string): Buffer => encode(0x0c, Buffer.from(text));
export const yes: Buffer = encode(0x01, Buffer.from([0xff]));
/** `[number]`, constructed. */
export const context = (number: number, ...members: readonly Buffer[]): Buffer => encode(0xa0 | number, ...members);

/** A number that is not negative. */
export function integer(value: number | Buffer): Buffer {
  const bytes = typeof value === "number" ? Buffer.from([value]) : value;
  return encode(0x02, ((bytes[0] ?? 0) & 0x80) === 0 ? bytes : Buffer.concat([Buffer.from([0]), bytes]));
}

export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...arcs] = text.split(".").map(Number);
  const bytes = [first * 40 + second, ...arcs].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128))
      groups.unshift(0x80 | (rest & 0x7f));
    return groups;
  });
  return encode(0x06, Buffer.from(bytes));
}

const toDigits = (at: number) => `${new Date(at).toISOString().replaceAll(/[-:T]/g, "").slice(0, 14)}Z`;

/** In whole seconds, but where a fraction is given: DER drops zeros at its end, which not every reader takes. */
export const generalizedTime = (at: number, fraction = ""): Buffer =>
  encode(0x18, Buffer.from(toDigits(at).replace("Z", `${fraction}Z`)));
/** As certificates tell the years until 2049. */
export const utcTime = (at: number): Buffer => encode(0x17, Buffer.from(toDigits(at).slice(2)));
