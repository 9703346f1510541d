import type { Config } from '../../kernel/config.ts';
import type { NoticeKind } from '../../kernel/notices.ts';
import { sendDiscord } from './discord.ts';
import { mailSender } from './mail.ts';
import { sendMatrix } from './matrix.ts';
import { sendMattermost } from './mattermost.ts';
import { sendNtfy } from './ntfy.ts';
import { sendSlack } from './slack.ts';
import type { Send } from './target.ts';
import { sendTeams } from './teams.ts';
import { sendWebhook } from './webhook.ts';

export type Senders = { readonly [Kind in NoticeKind]: Send };

/** The least time (ms) between the answer to a notice and the next one to the same target. */
export type Spacing = { readonly [Kind in NoticeKind]?: number };

/** Slack accepts one message a second for each webhook: docs.slack.dev/apis/web-api/rate-limits. */
export const servicesSpacing: Spacing = { slack: 1000 };

/** How each kind of target gets notices. @param site address of the dashboard */
export function sendersWith(config: Config, site: () => string): Senders {
  return {
    mail: mailSender(config, site),
    slack: sendSlack,
    mattermost: sendMattermost,
    discord: sendDiscord,
    teams: sendTeams,
    matrix: sendMatrix,
    ntfy: sendNtfy,
    webhook: sendWebhook,
  };
}
