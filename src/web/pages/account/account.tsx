import type { Context } from 'hono';
import { roleIn } from '../../../kernel/rights.ts';
import { serverNow } from '../../../kernel/server-time.ts';
import type { MadeToken } from '../../../record/tokens.ts';
import type { Caller } from '../../access/caller.ts';
import type { WebEnv } from '../../access/env.ts';
import { toSignIn } from '../../access/to-sign-in.ts';
import { accountOf, ownSessions, ownTokens } from '../../requests/account.ts';
import type { Account } from '../../schemas/account.ts';
import type { Web } from '../../services.ts';
import type { FormState } from '../fields/form-fields.ts';
import { answerPage } from '../layout.tsx';
import { PageHead } from '../page-head.tsx';
import { MailForm } from './mail.tsx';
import { Rights } from './rights.tsx';
import { Sessions } from './sessions.tsx';
import { type TokenFields, TokenForm, Tokens } from './tokens.tsx';

/** What a form of the page has led to. */
export interface AccountPageState {
  /** the form of a new token that was refused */
  form?: FormState<keyof TokenFields>;
  made?: MadeToken;
}

/** `/account`: who one is here, what one may do, in which browsers one is signed in, and one's tokens. */
export async function accountPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const caller = context.get('caller');
  return caller ? answerAccount(context, web, caller) : toSignIn(context);
}

export async function answerAccount(
  context: Context<WebEnv>,
  web: Web,
  caller: Caller,
  { form = {}, made }: AccountPageState = {},
): Promise<Response> {
  const account = await accountOf(web, caller);
  const { sessions } = await ownSessions(web, caller, context.get('session'));
  const tokens = await ownTokens(web, caller);
  const now = serverNow();
  return answerPage(context, web, {
    title: 'Your account',
    section: 'account',
    confidential: true,
    content: (
      <>
        <section>
          <PageHead title={account.person?.displayName ?? account.name} about={aboutOf(account)} />
          <Known account={account} />
        </section>
        <section>
          <h2>What you may do</h2>
          <Rights rights={caller.rights} />
        </section>
        {account.person && (
          <section id="mail">
            <h2>Mail</h2>
            <MailForm account={account} />
          </section>
        )}
        <section id="sessions">
          <h2>Where you are signed in</h2>
          <Sessions sessions={sessions} now={now} />
        </section>
        {account.person && (
          <section id="tokens">
            <h2>Tokens</h2>
            {made && <Made token={made} />}
            <Tokens tokens={tokens} now={now} />
            <TokenForm state={form} largest={roleIn(caller.rights) ?? 'read'} />
          </section>
        )}
      </>
    ),
  });
}

function aboutOf({ name, person, token }: Account): string {
  if (person) return token === null ? `Signed in as ${name}` : `Signed in as ${name}, with the token ${token}`;
  return token === null
    ? 'Signed in with the main token, as nobody in particular'
    : `Signed in with the token ${token}, as nobody in particular`;
}

function Known({ account: { identities, groups, addresses } }: { account: Account }) {
  const facts = [
    ['Signs in at', identities.map(({ provider, login }) => `${provider} as ${login}`)],
    ['Groups', groups],
    ['Addresses of commits', addresses],
  ] as const;
  return (
    <dl class="known">
      {facts
        .filter(([, values]) => values.length > 0)
        .map(([what, values]) => (
          <>
            <dt>{what}</dt>
            <dd>{values.join(', ')}</dd>
          </>
        ))}
    </dl>
  );
}

function Made({ token: { name, token } }: { token: MadeToken }) {
  return (
    <div class="panel" role="status">
      <p>
        Made the token <strong>{name}</strong>. This is its value, which is not shown again:
      </p>
      <pre tabindex={0}>
        <code>{token}</code>
      </pre>
    </div>
  );
}
