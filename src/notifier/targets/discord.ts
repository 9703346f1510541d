import { footerOf, inertMarkdown, linesOf } from './plain-lines.ts';
import { post } from './post.ts';
import type { Send } from './target.ts';

/** docs.discord.com/developers/resources/message#embed-object-embed-limits */
const limits = { title: 256, description: 4096, footer: 2048 };

/** A webhook of Discord. */
export const sendDiscord: Send = async (message, { address: { to }, mayBePrivate }) => {
  const { headline, link, at } = message;
  const embed = {
    title: inertMarkdown(headline).slice(0, limits.title),
    description: linesOf(message).map(inertMarkdown).join('\n').slice(0, limits.description),
    footer: { text: footerOf(message).slice(0, limits.footer) },
    ...{ url: link.url, timestamp: new Date(at).toISOString() },
  };
  // an answer comes only with `wait`; nobody is mentioned
  const address = new URL(to);
  address.searchParams.set('wait', 'true');
  const body = JSON.stringify({ embeds: [embed], allowed_mentions: { parse: [] } });
  await post({ url: address.href, body, mayBePrivate });
};
