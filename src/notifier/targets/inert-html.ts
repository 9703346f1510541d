/**
 * Foreign text as HTML in which mail programs and chats find no address to link and nobody to mention: what they look for is in an element
 * of its own, which leaves nothing behind when the text is copied.
 */
export function inertHtml(text: string): string {
  return entities(text).replace(/\/(?=\/)|@|\.(?=[\p{L}\p{N}])|\bmailto(?=:)/giu, '<span>$&</span>');
}

/** Text as HTML. */
export function entities(text: string): string {
  const known: { [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => known[character] ?? '');
}
