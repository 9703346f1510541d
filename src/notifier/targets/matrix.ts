import { entities, inertHtml } from './inert-html.ts';
import { type Form, footerOf, formed, inert, plainForm } from './plain-lines.ts';
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
  const { headline, lines, link } = message;
  const form = (to: Form) => (line: string) => formed(line, message, to);
  const html = [
    `<strong>${inertHtml(headline)}</strong>`,
    ...lines.map(form(htmlForm)),
    `<a href="${entities(link.url)}">${entities(link.label)}</a>`,
    `<small>${form(htmlForm)(footerOf(message))}</small>`,
  ].join('<br>');
  const texts = [...lines.map(form(plainForm)), link.url, form(plainForm)(footerOf(message))];
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
