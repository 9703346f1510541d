/**
 * Foreign text as one line, without characters that nobody sees or that turn its direction.
 * @param most characters that stay
 */
export function oneLine(text: string, most: number): string {
  const plain = text
    .replace(/\p{Cf}/gu, '')
    .replace(/\p{Cs}/gu, '\ufffd')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  const characters = [...plain];
  return characters.length <= most ? plain : `${characters.slice(0, most - 1).join('')}…`;
}
