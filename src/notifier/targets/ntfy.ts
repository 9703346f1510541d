import { isBad } from '../../kernel/notices.ts';
import { cut, fitting, footerOf, formed, inert, plainForm } from './plain-lines.ts';
import { post } from './post.ts';
import type { Send } from './target.ts';

/**
 * Characters of the title, and bytes of the lines: a message of more than 4,096 bytes becomes an attachment
 * (docs.ntfy.sh/publish/#limitations).
 */
const longest = { title: 200, text: 3000 };

/** A topic of ntfy, by its address such as https://ntfy.sh/topic; the secret is an access token. */
export const sendNtfy: Send = async (message, { address: { to, secret }, mayBePrivate }) => {
  const { headline, lines, link, event } = message;
  const form = (line: string) => formed(line, message, plainForm);
  const server = new URL(to);
  const topic = server.pathname.split('/').filter(Boolean).at(-1) ?? '';
  const root = new URL(server.pathname.replace(/[^/]*\/?$/, ''), server);
  const body = JSON.stringify({
    ...{ topic, click: link.url },
    title: cut(inert(headline), longest.title),
    message: [...fitting(lines.map(form), longest.text, Buffer.byteLength), form(footerOf(message))].join('\n'),
    tags: [isBad(event) ? 'x' : 'white_check_mark'],
  });
  const headers = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
  await post({ url: root.href, body, headers, mayBePrivate });
};
