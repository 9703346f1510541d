import type { Context } from 'hono';
import type { VoltError } from '../../../kernel/errors.ts';
import type { Provider } from '../../../kernel/model/provider-shapes.ts';
import { providerKinds } from '../../../kernel/provider-kinds.ts';
import type { WebEnv } from '../../access/env.ts';
import { requireRole } from '../../access/rights.ts';
import { toSignIn } from '../../access/to-sign-in.ts';
import { redirectUriFor, shownProviders } from '../../requests/providers.ts';
import type { Web } from '../../services.ts';
import type { FormState } from '../fields/form-fields.ts';
import { Refusal } from '../fields/refusal.tsx';
import { answerPage } from '../layout.tsx';
import { Nothing } from '../nothing.tsx';
import { PageHead } from '../page-head.tsx';
import { Table } from '../table.tsx';
import { type ProviderFields, ProviderForm } from './form.tsx';

/** What a form or a button has led to. */
interface State {
  /** the form of a new provider that was refused */
  form?: FormState<keyof ProviderFields>;
  /** why people cannot sign in at the provider that was checked */
  problem?: VoltError;
  made?: { name: string; redirectUri: string };
  checked?: { name: string; hints: string[] };
}

/** `/providers`: where people sign in, and the form that adds a provider. */
export async function providersPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!context.get('signedIn')) return toSignIn(context);
  requireRole(context, 'admin', 'reading the providers');
  return answerProviders(context, web);
}

export async function answerProviders(
  context: Context<WebEnv>,
  web: Web,
  { form = {}, problem, made, checked }: State = {},
): Promise<Response> {
  const { origin } = context.get('source');
  const providers = await shownProviders(web, origin);
  return answerPage(context, web, {
    title: 'Sign-in providers',
    section: 'providers',
    confidential: true,
    content: (
      <>
        <section>
          <PageHead title="Sign-in providers" about="Where people sign in as themselves, besides with access tokens." />
          <Refusal problems={problem ? [problem] : []} />
          {made && <Made {...made} />}
          {checked && <Checked {...checked} />}
          <Providers providers={providers} />
        </section>
        <section>
          <h2>Add a provider</h2>
          <ProviderForm state={form} redirectUri={redirectUriFor(web, origin, 'NAME')} />
        </section>
      </>
    ),
  });
}

function Made({ name, redirectUri }: { name: string; redirectUri: string }) {
  return (
    <div class="panel" role="status">
      <p>
        Added <strong>{name}</strong>. It must be allowed to send browsers back to <code>{redirectUri}</code>. Then
        check it.
      </p>
    </div>
  );
}

function Checked({ name, hints }: { name: string; hints: string[] }) {
  return (
    <div class="panel" role="status">
      <p>
        People can sign in with <strong>{name}</strong>. {hints.join(' ')}
      </p>
    </div>
  );
}

function Providers({ providers }: { providers: (Provider & { redirectUri: string })[] }) {
  if (providers.length === 0) {
    return (
      <Nothing title="Everybody signs in with an access token">
        <p>Add a provider below, and people sign in as themselves, as whom the provider knows them.</p>
      </Nothing>
    );
  }
  return (
    <Table
      class="cards"
      rows={providers}
      columns={[
        { head: 'Provider', class: 'name', cell: ({ name }) => name },
        { head: 'Kind', cell: ({ kind }) => providerKinds[kind].title },
        { head: 'Address', cell: ({ url }) => url },
        { head: 'Groups', cell: ({ groupsClaim }) => groupsClaim ?? 'organizations and teams' },
        { head: 'Redirect path', cell: ({ redirectUri }) => <code>{new URL(redirectUri).pathname}</code> },
        { head: 'Actions', class: 'actions', cell: ({ name }) => <Acts name={name} /> },
      ]}
    />
  );
}

function Acts({ name }: { name: string }) {
  return (
    <div class="acts">
      <form method="post" action={`/providers/${name}/check`}>
        <button type="submit" aria-label={`Check ${name}`}>
          Check
        </button>
      </form>
      <form method="post" action={`/providers/${name}/remove`}>
        <button type="submit" class="danger" aria-label={`Remove ${name}`}>
          Remove
        </button>
      </form>
    </div>
  );
}
