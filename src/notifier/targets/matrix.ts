import { entities, inertHtml } from './inert-html.ts';
import { type Form, fitting, footerOf, formed, inert, plainForm, sizeOfJson } from './plain-lines.ts';
import { post } from './post.ts';
import type { Send } from './target.ts';

/** The most bytes of the lines, as text and as HTML: an event has at most 65,536 (spec.matrix.org, Client-Server API, "Size limits"). */
const longest = 20_000;

/**
 * A room of Matrix, by an address such as https://matrix.example.org/!room:example.org; the secret is an access token. The server
 * takes each transaction id once (spec.matrix.org, Client-Server API, "Transaction identifiers").
 */
export const sendMatrix: Send = async (message, { address: { to, secret = '' }, mayBePrivate }) => {
  const { origin, pathname } = new URL(to);
  const room = encodeURIComponent(decodeURIComponent(pathname.slice(1)));
  const path = `/_matrix/client/v3/rooms/${room}/send/m.room.message/${encodeURIComponent(message.id)}`;
  const { headline, lines, link } = message;
  const form = (to: Form) => (line: string) => formed(line, message, to);
  const html = [
    `<strong>${inertHtml(headline)}</strong>`,
    ...fitting(lines.map(form(htmlForm)), longest, sizeOfJson),
    `<a href="${entities(link.url)}">${entities(link.label)}</a>`,
    `<small>${form(htmlForm)(footerOf(message))}</small>`,
  ].join('<br>');
  const text = fitting(lines.map(form(plainForm)), longest, sizeOfJson);
  const texts = [...text, link.url, form(plainForm)(footerOf(message))];
  const body = JSON.stringify({
    msgtype: 'm.notice',
    body: [inert(headline), ...texts].join('\n'),
    ...{ format: 'org.matrix.custom.html', formatted_body: html },
    // mentions nobody, whatever the text has
    'm.mentions': {},
  });
  const headers = { authorization: `Bearer ${secret}` };
  await post({ method: 'PUT', url: origin + path, body, headers, mayBePrivate });
};

const htmlForm: Form = { text: inertHtml, link: (url) => `<a href="${entities(url)}">${entities(url)}</a>` };
