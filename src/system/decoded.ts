/** A text without the escapes of URLs; as it is where it contains a "%" that is no escape. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
