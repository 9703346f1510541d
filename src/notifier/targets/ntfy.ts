import { isBad } from '../../kernel/notices.ts';
import { footerOf, inert, linesOf } from './plain-lines.ts';
import { post } from './post.ts';
import type { Send } from './target.ts';

/** docs.ntfy.sh/publish/#limitations: a longer message becomes an attachment */
const longest = { title: 200, message: 3500 };

/** A topic of ntfy, by its address such as https://ntfy.sh/topic; the secret is an access token. */
export const sendNtfy: Send = async (message, { address: { to, secret }, mayBePrivate }) => {
  const { headline, link, event } = message;
  const server = new URL(to);
  const topic = server.pathname.split('/').filter(Boolean).at(-1) ?? '';
  const root = new URL(server.pathname.replace(/[^/]*\/?$/, ''), server);
  const body = JSON.stringify({
    ...{ topic, click: link.url },
    title: inert(headline).slice(0, longest.title),
    message: inert([...linesOf(message), footerOf(message)].join('\n')).slice(0, longest.message),
    tags: [isBad(event) ? 'x' : 'white_check_mark'],
  });
  const headers = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
  await post({ url: root.href, body, headers, mayBePrivate });
};
