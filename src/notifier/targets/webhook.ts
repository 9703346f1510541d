import { createHmac } from 'node:crypto';
import { post } from './post.ts';
import type { Send } from './target.ts';

/**
 * Signed as Standard Webhooks has it (github.com/standard-webhooks/standard-webhooks). The id is the same at each try, so that the
 * receiver can tell a notice that it knows.
 */
export const sendWebhook: Send = async ({ id, ...data }, { address: { to, secret = '' }, mayBePrivate }) => {
  const timestamp = Math.floor(Date.now() / 1000);
  const { at, event, headline, about, lines, isOwn, entries, link, why } = data;
  const type = about === null ? event : `build.${event}`;
  const body = JSON.stringify({
    ...{ type, timestamp: new Date(at).toISOString() },
    data: {
      ...about,
      ...((about === null || isOwn) && { lines }),
      headline,
      url: link.url,
      why,
      ...(entries && { entries }),
    },
  });
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  await post({
    ...{ url: to, body, mayBePrivate },
    headers: { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${signature}` },
  });
};
