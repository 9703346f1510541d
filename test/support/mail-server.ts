import type { AddressInfo } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

/** A mail that a server has taken. */
export interface ReceivedMail extends Pick<ParsedMail, 'headers'> {
  subject: string | undefined;
  inReplyTo: string | undefined;
  messageId: string | undefined;
  text: string | undefined;
  /** of the header, and of the envelope */
  to: string;
  recipients: string[];
  html: string | undefined;
  raw: string;
}

/** A mail server on this machine that takes all mail but what it is told to refuse. */
export class MailServer {
  readonly received: ReceivedMail[] = [];
  /** the code with which a recipient is refused; undefined for none */
  refuses: (address: string) => number | undefined = () => undefined;
  readonly #server: SMTPServer;

  private constructor() {
    this.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onRcptTo: ({ address }, _session, done) => {
        const responseCode = this.refuses(address);
        done(responseCode === undefined ? null : Object.assign(new Error('refused'), { responseCode }));
      },
      onData: (stream, session, done) => {
        const parts: Buffer[] = [];
        stream.on('data', (part: Buffer) => parts.push(part));
        stream.on('end', async () => {
          const raw = Buffer.concat(parts).toString('utf8');
          const { subject, headers, inReplyTo, messageId, text, html, to } = await simpleParser(raw);
          const recipients = session.envelope.rcptTo.map(({ address }) => address);
          const named = [to ?? []]
            .flat()
            .map((each) => each.text)
            .join(', ');
          this.received.push({
            subject,
            headers,
            inReplyTo,
            messageId,
            text,
            html: html || undefined,
            raw,
            recipients,
            to: named,
          });
          done();
        });
      },
    });
  }

  static async start(): Promise<MailServer> {
    const server = new MailServer();
    await new Promise<void>((resolve) => {
      server.#server.listen(0, '127.0.0.1', resolve);
    });
    return server;
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.#server.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
