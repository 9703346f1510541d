import { footerOf, inert, linesOf } from './plain-lines.ts';
import { post } from './post.ts';
import type { Send } from './target.ts';

/**
 * A room of Matrix, by an address such as https://matrix.example.org/!room:example.org; the secret is an access token. The server
 * takes each transaction id once (spec.matrix.org, Client-Server API, "Transaction identifiers").
 */
export const sendMatrix: Send = async (message, { address: { to, secret = '' }, mayBePrivate }) => {
  const { origin, pathname } = new URL(to);
  const room = encodeURIComponent(decodeURIComponent(pathname.slice(1)));
  const path = `/_matrix/client/v3/rooms/${room}/send/m.room.message/${encodeURIComponent(message.id)}`;
  const { headline, link } = message;
  const lines = linesOf(message);
  const html = [
    `<strong>${escaped(headline)}</strong>`,
    ...lines.map(escaped),
    `<a href="${entities(link.url)}">${link.label}</a>`,
    `<small>${escaped(footerOf(message))}</small>`,
  ].join('<br>');
  const body = JSON.stringify({
    msgtype: 'm.notice',
    body: [inert(headline), ...lines.map(inert), link.url, inert(footerOf(message))].join('\n'),
    ...{ format: 'org.matrix.custom.html', formatted_body: html },
    // mentions nobody, whatever the text has
    'm.mentions': {},
  });
  const headers = { authorization: `Bearer ${secret}` };
  await post({ method: 'PUT', url: origin + path, body, headers, mayBePrivate });
};

function escaped(text: string): string {
  return entities(inert(text));
}

function entities(text: string): string {
  const known: { [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => known[character] ?? '');
}
