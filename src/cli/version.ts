/** The version of the command; a test holds it to package.json, which is not in the image. */
export const VERSION = "0.1.0";
