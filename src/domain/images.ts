/** References to images as releases write them: `repository[:tag]@sha256:…`, checked by the schema. */

/** The digest of a reference that carries one; the empty string where it carries none. */
export function digestOfImage(image: string): string {
  const at = image.lastIndexOf("@");
  return at < 0 ? "" : image.slice(at + 1);
}

/** `repository:tag` of a reference with digest, or undefined where it names no tag. */
export function tagOfImage(image: string): string | undefined {
  const [name = ""] = image.split("@");
  const last = name.slice(name.lastIndexOf("/") + 1);
  return last.includes(":") ? name : undefined;
}
