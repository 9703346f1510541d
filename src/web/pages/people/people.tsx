import type { Context } from 'hono';
import type { ShownPerson } from '../../../kernel/model/people-shapes.ts';
import { serverNow } from '../../../kernel/server-time.ts';
import { pageOfPeople } from '../../../record/people-search.ts';
import type { WebEnv } from '../../access/env.ts';
import { requireRole } from '../../access/rights.ts';
import { toSignIn } from '../../access/to-sign-in.ts';
import type { Web } from '../../services.ts';
import type { FormState } from '../fields/form-fields.ts';
import { answerPage } from '../layout.tsx';
import { Nothing } from '../nothing.tsx';
import { PageHead } from '../page-head.tsx';
import { Age } from '../parts.tsx';
import { Table } from '../table.tsx';
import { PageLinks, TextFilter } from '../text-filter.tsx';
import { type PersonFields, PersonForm } from './person-form.tsx';

const pageSize = 100;

/** `/people`: who signs in, and the form that adds somebody who has not yet. */
export async function peoplePage(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!context.get('signedIn')) return toSignIn(context);
  requireRole(context, 'admin', 'reading the list of people');
  return answerPeople(context, web);
}

/** @param form of a new person that was refused */
export async function answerPeople(
  context: Context<WebEnv>,
  web: Web,
  form: FormState<keyof PersonFields> = {},
): Promise<Response> {
  const text = (context.req.query('text') ?? '').trim().slice(0, 200);
  const after = context.req.query('after')?.slice(0, 64) || undefined;
  const { people, next } = await pageOfPeople(web.database, { limit: pageSize, text: text || undefined, after });
  return answerPage(context, web, {
    title: 'People',
    section: 'people',
    confidential: true,
    content: (
      <>
        <section>
          <PageHead title="People" about="Who signs in. Somebody who signs in for the first time is added by that." />
          <TextFilter action="/people" label="Name, identity or address" text={text} />
          <div id="people" data-live="">
            {people.length > 0 ? (
              <People people={people} />
            ) : text || after ? (
              <p class="empty">Nobody matches.</p>
            ) : (
              <Nobody />
            )}
            <PageLinks action="/people" filter={{ text }} after={after} next={next} />
          </div>
        </section>
        <section>
          <h2>Add somebody</h2>
          <PersonForm state={form} />
        </section>
      </>
    ),
  });
}

function Nobody() {
  return (
    <Nothing title="Nobody has signed in as themselves yet">
      <p>
        People sign in at a <a href="/providers">provider</a>, and are listed here from then on. Until there is one, all
        sign in with access tokens.
      </p>
    </Nothing>
  );
}

function People({ people }: { people: ShownPerson[] }) {
  const now = serverNow();
  return (
    <Table
      class="cards"
      rows={people}
      columns={[
        {
          head: 'Person',
          class: 'name',
          cell: ({ name, displayName }) => (
            <>
              <a href={`/people/${name}`}>{displayName}</a>
              <span class="by">{name}</span>
            </>
          ),
        },
        { head: 'Identities', cell: ({ logins }) => logins.join(', ') || 'none' },
        {
          head: 'Last sign-in',
          cell: ({ lastSeenAt }) => (lastSeenAt === null ? 'never' : <Age time={lastSeenAt} now={now} />),
        },
        {
          head: 'State',
          cell: ({ blockedAt }) => (blockedAt === null ? 'active' : <span class="status failure">blocked</span>),
        },
      ]}
    />
  );
}
