/**
 * Text for an element or an attribute of XML 1.0, which cannot contain some characters at all
 * (https://www.w3.org/TR/xml/#charsets). They are left out.
 */
export function xmlText(text: string): string {
  return [...text]
    .filter((character) => /[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u.test(character))
    .join('')
    .replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
