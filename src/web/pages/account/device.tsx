import type { Context } from 'hono';
import type { Child } from 'hono/jsx';
import { roleIn } from '../../../kernel/rights.ts';
import { type Role, roleMeanings, smallerRole } from '../../../kernel/roles.ts';
import { serverNow } from '../../../kernel/server-time.ts';
import { type DeviceRequest, decideDeviceRequest, findDeviceRequest } from '../../../record/device-requests.ts';
import { type Caller, countedAs } from '../../access/caller.ts';
import type { WebEnv } from '../../access/env.ts';
import { type Rate, RateLimiter, rateLimited } from '../../access/rate-limit.ts';
import { toSignIn } from '../../access/to-sign-in.ts';
import { devicePath } from '../../requests/device-endpoints.ts';
import type { Web } from '../../services.ts';
import { Command } from '../command.tsx';
import { Field } from '../fields/field.tsx';
import { answerPage } from '../layout.tsx';
import { PageHead } from '../page-head.tsx';
import { Age } from '../parts.tsx';

/** Codes that one caller may enter, right ones twice: a code that waits has 34 bits. */
const triedRate: Rate = { burst: 20, perSecond: 1 / 30 };

/** `/device`: where a person enters the code that a program shows, sees what it asks for, and confirms or refuses. */
export class DevicePages {
  readonly #web: Web;
  readonly #tried = new RateLimiter(triedRate);

  constructor(web: Web) {
    this.#web = web;
  }

  async page(context: Context<WebEnv>): Promise<Response> {
    const caller = context.get('caller');
    if (!caller) return toSignIn(context);
    const { code, outcome } = context.req.query();
    if (outcome === 'confirmed' || outcome === 'refused') return this.#answer(context, <Outcome outcome={outcome} />);
    if (code === undefined) return this.#answer(context, <CodeForm />);
    this.#count(context, caller);
    const request = await findDeviceRequest(this.#web.database, code);
    if (!request) return this.#answer(context, <CodeForm wrong={code.slice(0, 20)} />);
    return this.#answer(
      context,
      <RequestForm caller={caller} code={code} request={request} address={context.get('source').address} />,
    );
  }

  /** Handles the buttons of that page. */
  async decide(context: Context<WebEnv>): Promise<Response> {
    const caller = context.get('caller');
    if (!caller) return toSignIn(context);
    const { code, decision } = await context.req.parseBody();
    const confirms = decision === 'confirm';
    context.set('action', confirms ? 'device.confirm' : 'device.refuse');
    this.#count(context, caller);
    const by = confirms ? confirmerOf(caller) : undefined;
    const request = await decideDeviceRequest(this.#web.database, String(code), by);
    if (!request) return this.#answer(context, <CodeForm wrong={String(code).slice(0, 20)} />);
    context.set('target', `${request.program} on ${request.machine}`);
    return context.redirect(`${devicePath}?outcome=${confirms ? 'confirmed' : 'refused'}`, 303);
  }

  /**
   * Counts a code before it is looked for: many at once are many.
   * @throws VoltError `rate_limited` after too many codes
   */
  #count(context: Context<WebEnv>, caller: Caller): void {
    if (!this.#tried.take(countedAs(caller))) throw rateLimited(context, this.#tried, 'too many codes were entered');
  }

  #answer(context: Context<WebEnv>, content: Child): Promise<Response> {
    return answerPage(context, this.#web, {
      title: 'Sign a program in',
      section: 'account',
      confidential: true,
      content: <article class="act">{content}</article>,
    });
  }
}

/** The largest role that a caller can give. */
function largestRole({ rights }: Caller): Role {
  return roleIn(rights) ?? 'read';
}

function confirmerOf(caller: Caller) {
  const { person, token } = caller;
  const by = person && !token ? { person: person.id } : { token: token?.id ?? null };
  return { ...by, role: largestRole(caller) };
}

/** @param wrong a code that was entered and that nothing waits with */
function CodeForm({ wrong }: { wrong?: string }) {
  return (
    <form class="panel fields" method="get" action={devicePath}>
      <PageHead
        title="Sign a program in"
        about={
          <>
            <Command line="volt login" /> shows a code of eight letters. Enter it to let the program act as you.
          </>
        }
      />
      <Field
        label="Code"
        name="code"
        value={wrong ?? ''}
        placeholder="XXXX-XXXX"
        maxlength={20}
        required
        problem={
          wrong === undefined
            ? undefined
            : 'no program waits with this code; it is mistyped, used, or over 10 minutes old'
        }
      />
      <p class="faint">
        Enter only the code of a program that you have just started yourself. Whoever sends you one wants to act as you.
      </p>
      <button type="submit" class="primary">
        Continue
      </button>
    </form>
  );
}

interface Shown {
  caller: Caller;
  code: string;
  request: DeviceRequest;
  /** network address of the browser */
  address: string;
}

function RequestForm({ caller, code, request, address }: Shown) {
  const role = smallerRole(request.role, largestRole(caller));
  return (
    <form class="panel fields" method="post" action={devicePath}>
      <PageHead title={`Let this program act as ${caller.person ? 'you' : caller.name}?`} />
      <dl class="known">
        <dt>Program</dt>
        <dd>{request.program}</dd>
        <dt>Machine</dt>
        <dd>{request.machine}</dd>
        <dt>Asks from</dt>
        <dd>
          {request.address}
          {request.address === address ? ', as your browser does' : `; your browser is at ${address}`}
        </dd>
        <dt>Asked</dt>
        <dd>
          <Age time={new Date(request.createdAt).toISOString()} now={serverNow()} />
        </dd>
        <dt>Gets</dt>
        <dd>
          a token with the role <strong>{role}</strong>: it may {roleMeanings[role]}
        </dd>
        <dt>Where</dt>
        <dd>{reachOf(caller)}</dd>
      </dl>
      <p>
        Confirm only if you have just started this program yourself, on this machine. The names of the program and of
        the machine are what it says itself.
      </p>
      <input type="hidden" name="code" value={code} />
      <div class="acts">
        <button type="submit" name="decision" value="confirm" class="primary">
          Confirm
        </button>
        <button type="submit" name="decision" value="refuse">
          Refuse
        </button>
      </div>
    </form>
  );
}

/** In which repositories the token may do something, and until when. */
function reachOf({ person, token }: Caller): string {
  if (person && !token) return 'wherever you may do so yourself, until you revoke it on the page of your account';
  if (!token) return 'in all repositories, as nobody in particular, until somebody revokes it';
  return `in the repositories of the token ${token.name}, as long as that is valid`;
}

function Outcome({ outcome }: { outcome: 'confirmed' | 'refused' }) {
  if (outcome === 'refused')
    return <PageHead title="Refused" about="The program gets nothing. You can close this page." />;
  return (
    <PageHead
      title="Confirmed"
      about={
        <>
          The program gets its token in a few seconds. You can close this page. <a href="/account">Your account</a>{' '}
          lists the token, and revokes it.
        </>
      }
    />
  );
}
