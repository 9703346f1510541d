/**
 * Whether a text is a plain mail address: one without quotes, comments or other forms that programs read in different ways, so that
 * the domain that is checked is the one that gets the mail. At most 254 characters (RFC 3696, erratum 1690).
 */
export function isMailAddress(text: string): boolean {
  return text.length <= 254 && /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(text);
}
