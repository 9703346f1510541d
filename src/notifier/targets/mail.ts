import { createTransport } from 'nodemailer';
import type { Config } from '../../kernel/config.ts';
import { errorText } from '../../kernel/errors.ts';
import { shortHash } from '../../kernel/names.ts';
import { oneClick } from '../../kernel/notices.ts';
import { hideCredentials } from '../../kernel/urls.ts';
import { within } from '../../system/wait.ts';
import type { NoticeMessage } from '../notice-message.ts';
import { TargetFault } from './fault.ts';
import { mailHtml } from './mail-html.ts';
import { mailText } from './mail-text.ts';
import type { Send } from './target.ts';

/** Milliseconds for the connection, the server's greeting, and each of its answers. */
const timeout = 10_000;
/** Milliseconds for a whole mail: the server may answer each command late. */
const wholeTimeout = 40_000;

/** Sends mail through the server that the settings name. @param site address of the dashboard */
export function mailSender(config: Pick<Config, 'smtpUrl' | 'mailFrom'>, site: () => string): Send {
  return async (message, { recipient }) => {
    const { smtpUrl } = config;
    if (smtpUrl === undefined) {
      throw new TargetFault('notice_refused', 'no mail server is set', {
        scope: 'target',
        remedy: 'Set VOLT_SMTP_URL, and VOLT_MAIL_FROM, and restart the notifier.',
      });
    }
    const { hostname, host, username } = new URL(smtpUrl);
    const from = config.mailFrom ?? `volt@${hostname}`;
    const transport = createTransport({
      url: smtpUrl,
      // a password is sent over TLS only
      requireTLS: username !== '' && !isLoopback(hostname),
      ...{ connectionTimeout: timeout, greetingTimeout: timeout, socketTimeout: timeout },
      // nothing of a notice may name a file or an address to read
      ...{ disableFileAccess: true, disableUrlAccess: true },
    });
    try {
      const mail = mailOf(message, { from, recipient, domain: new URL(site()).hostname });
      const sent = await within(transport.sendMail(mail), wholeTimeout);
      if (!sent) throw new Error(`it has not taken the mail within ${wholeTimeout / 1000} s`);
    } catch (error) {
      throw faultOf(error, host);
    } finally {
      transport.close();
    }
  };
}

/** Mails about one branch are one thread: they refer to a mail that was never sent. */
function mailOf(
  message: NoticeMessage,
  { from, recipient, domain }: { from: string; recipient: string; domain: string },
) {
  const { id, about, headline, stop } = message;
  const topic = about?.repo ?? 'volt';
  const thread = `<${shortHash(`${topic} ${about?.branch ?? ''}`)}.${topic}@${domain}>`;
  return {
    ...{ from, to: { name: '', address: recipient } },
    subject: headline,
    messageId: `<${id}@${domain}>`,
    ...{ inReplyTo: thread, references: [thread] },
    ...{ text: mailText(message), html: mailHtml(message) },
    list: {
      id: { url: `${topic}.${domain}`, comment: `Volt: ${topic}` },
      ...(stop.command === null && { unsubscribe: stop.url }),
    },
    headers: {
      ...{ 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      // RFC 8058 has it for https only
      ...(stop.command === null && stop.url.startsWith('https:') && { 'List-Unsubscribe-Post': oneClick }),
    },
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host);
}

/** A server's answer of 5xx to the recipient is about this mail; everything else holds up all of them. */
function faultOf(error: unknown, host: string): TargetFault {
  const { responseCode, command, code, syscall } = Object(error) as {
    responseCode?: number;
    command?: string;
    code?: string;
    syscall?: string;
  };
  const said = hideCredentials(errorText(error)).slice(0, 300);
  if (responseCode === undefined || responseCode < 500) {
    return new TargetFault('notice_unreachable', `the mail server ${host} does not take mail: ${said}`, {
      scope: 'target',
      remedy: 'Check VOLT_SMTP_URL and the server; Volt retries automatically, for a day.',
      // the server may have the whole mail, and has not said what it does with it
      mayHaveArrived: responseCode === undefined && syscall !== 'connect' && code !== 'EDNS',
      cause: error,
    });
  }
  const isAboutRecipient = command === 'RCPT TO' || command === 'DATA';
  return new TargetFault('notice_refused', `the mail server ${host} refuses: ${said}`, {
    scope: isAboutRecipient ? 'notice' : 'target',
    remedy: isAboutRecipient
      ? 'Check the address.'
      : 'Check the user and the password in VOLT_SMTP_URL, and VOLT_MAIL_FROM.',
    cause: error,
  });
}
