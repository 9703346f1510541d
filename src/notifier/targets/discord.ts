import { cut, fitting, footerOf, formed, inertMarkdown, markdownForm } from './plain-lines.ts';
import { post } from './post.ts';
import type { Send } from './target.ts';

/**
 * Characters, of which a message has 2,000. An embed may have more (docs.discord.com/developers/resources/message, "Embed Limits"); this
 * is enough. Text may be twice as long in Markdown.
 */
const longest = { title: 120, text: 1300, footer: 400 };

/** A webhook of Discord. */
export const sendDiscord: Send = async (message, { address: { to }, mayBePrivate }) => {
  const { headline, lines, link, at } = message;
  const text = lines.map((line) => formed(line, message, markdownForm));
  const embed = {
    title: inertMarkdown(cut(headline, longest.title)),
    description: fitting(text, longest.text).join('\n'),
    footer: { text: cut(footerOf(message), longest.footer) },
    ...{ url: link.url, timestamp: new Date(at).toISOString() },
  };
  // an answer comes only with `wait`; nobody is mentioned
  const address = new URL(to);
  address.searchParams.set('wait', 'true');
  const body = JSON.stringify({ embeds: [embed], allowed_mentions: { parse: [] } });
  await post({ url: address.href, body, mayBePrivate });
};
