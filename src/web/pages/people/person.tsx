import type { Context } from 'hono';
import type { PersonAddress, PersonDetails, ShownIdentity } from '../../../kernel/model/people-shapes.ts';
import { mailChoiceText } from '../../../kernel/notices.ts';
import { serverNow } from '../../../kernel/server-time.ts';
import { listActions } from '../../../record/audit-search.ts';
import { grantsOf } from '../../../record/grants.ts';
import { personNamed } from '../../../record/people.ts';
import { personDetails } from '../../../record/people-admin.ts';
import { listSessions, type Session } from '../../../record/sessions.ts';
import type { WebEnv } from '../../access/env.ts';
import { requireRole } from '../../access/rights.ts';
import { toSignIn } from '../../access/to-sign-in.ts';
import type { Web } from '../../services.ts';
import { browserName } from '../../text/browser-name.ts';
import { Grants } from '../access/grants.tsx';
import { AuditTable } from '../audit-table.tsx';
import { Field } from '../fields/field.tsx';
import { type FormFields, type FormState, formFields } from '../fields/form-fields.ts';
import { Refusal } from '../fields/refusal.tsx';
import { answerPage } from '../layout.tsx';
import { PageHead } from '../page-head.tsx';
import { Age, Fact } from '../parts.tsx';
import { Table } from '../table.tsx';

/** How many of the person's acts the page shows. */
const shownActs = 10;

/** `/people/:name`: what is known of a person, and what an administrator can do. */
export async function personPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!context.get('signedIn')) return toSignIn(context);
  requireRole(context, 'admin', 'reading about a person');
  return answerPerson(context, web, context.req.param('name') ?? '');
}

/** The fields of the forms that change a person. */
const personForms = ['name', 'address'] as const;

/** @param state of the form that was refused */
export async function answerPerson(
  context: Context<WebEnv>,
  web: Web,
  name: string,
  state: FormState<(typeof personForms)[number]> = {},
): Promise<Response> {
  const person = await personDetails(web.database, name);
  const { id } = await personNamed(web.database, name);
  const grants = await grantsOf(web.database, id);
  const sessions = await listSessions(web.database, { person: id });
  const acts = await listActions(web.database, { person: id, limit: shownActs });
  const { field, problems } = formFields(personForms, state, { name_taken: 'name' }, { name });
  const now = serverNow();
  return answerPage(context, web, {
    title: person.displayName,
    section: 'people',
    confidential: true,
    content: (
      <>
        <PageHead title={person.displayName} above={[{ title: 'People', href: '/people' }]}>
          <BlockButton person={person} />
        </PageHead>
        <Refusal problems={problems} />
        <Facts person={person} now={now} />
        <section>
          <h2>Identities</h2>
          <Identities identities={person.identities} now={now} />
        </section>
        <section>
          <h2>Roles</h2>
          {grants.length === 0 ? (
            <p class="empty">
              None beyond what everybody may read. <a href="/access">Access</a> gives roles.
            </p>
          ) : (
            <Grants grants={grants} now={now} isAdmin={false} />
          )}
        </section>
        <section>
          <h2>Sessions</h2>
          <Sessions sessions={sessions} now={now} />
        </section>
        <section>
          <h2>Mail addresses</h2>
          <p class="faint">
            Commits with these addresses are shown as those of {person.displayName}. They give no right: anybody can
            write any address into a commit.
            {person.mail !== null && ` ${person.displayName} gets ${mailChoiceText(person.mail)}.`}
          </p>
          <Addresses person={person} field={field('address')} />
        </section>
        <section>
          <h2>What {person.displayName} did</h2>
          {acts.length === 0 ? (
            <p class="empty">Nothing yet.</p>
          ) : (
            <AuditTable entries={acts} search={{ actor: name }} now={now} />
          )}
          {acts.length === shownActs && (
            <nav class="pages" aria-label="Pages">
              <a href={`/audit?actor=${name}`}>All of it</a>
            </nav>
          )}
        </section>
        <section>
          <h2>Rename</h2>
          <RenameForm name={name} field={field('name')} />
        </section>
        <section>
          <h2>Remove</h2>
          <RemoveForm name={name} />
        </section>
      </>
    ),
  });
}

function BlockButton({ person: { name, blockedAt } }: { person: PersonDetails }) {
  const act = blockedAt === null ? 'block' : 'unblock';
  return (
    <form method="post" action={`/people/${name}/${act}`}>
      <button type="submit" class={blockedAt === null ? 'danger' : undefined}>
        {blockedAt === null ? 'Block' : 'Let in again'}
      </button>
    </form>
  );
}

function Facts({ person: { name, createdAt, lastSeenAt, blockedAt }, now }: { person: PersonDetails; now: number }) {
  return (
    <dl class="facts">
      <Fact name="Name">{name}</Fact>
      <Fact name="Added">
        <Age time={createdAt} now={now} />
      </Fact>
      <Fact name="Last sign-in">{lastSeenAt === null ? 'never' : <Age time={lastSeenAt} now={now} />}</Fact>
      {blockedAt !== null && (
        <Fact name="Blocked">
          <Age time={blockedAt} now={now} />
        </Fact>
      )}
    </dl>
  );
}

function Identities({ identities, now }: { identities: ShownIdentity[]; now: number }) {
  if (identities.length === 0) return <p class="empty">None: this person cannot sign in.</p>;
  return (
    <Table
      class="cards"
      rows={identities}
      columns={[
        { head: 'Login', class: 'name', cell: ({ login }) => login },
        { head: 'Provider', cell: ({ provider }) => provider },
        { head: 'Id there', cell: ({ subject }) => <code>{subject}</code> },
        {
          head: 'Groups',
          cell: ({ provider, groups }) => groups.map((group) => `${provider}/${group}`).join(', ') || 'none',
        },
        {
          head: 'Last sign-in',
          cell: ({ signedInAt }) => (signedInAt === null ? 'never' : <Age time={signedInAt} now={now} />),
        },
      ]}
    />
  );
}

/** The browsers in which the person is signed in. Blocking the person ends them. */
function Sessions({ sessions, now }: { sessions: readonly Session[]; now: number }) {
  if (sessions.length === 0) return <p class="empty">None.</p>;
  return (
    <Table
      class="cards"
      rows={sessions}
      columns={[
        { head: 'Browser', class: 'name', cell: ({ agent }) => <span title={agent}>{browserName(agent)}</span> },
        { head: 'From', cell: ({ address }) => address },
        { head: 'Signed in', cell: ({ createdAt }) => <Age time={createdAt} now={now} /> },
        { head: 'Last used', cell: ({ lastUsedAt }) => <Age time={lastUsedAt} now={now} /> },
      ]}
    />
  );
}

/** The value of a field, and what is wrong with it. */
type FieldState = ReturnType<FormFields<(typeof personForms)[number]>['field']>;

function Addresses({ person: { name, addresses, identities }, field }: { person: PersonDetails; field: FieldState }) {
  const sourceOf = ({ source }: PersonAddress) =>
    source === 'hand' ? 'set by hand' : (identities.find(({ issuer }) => issuer === source)?.provider ?? source);
  return (
    <>
      {addresses.length > 0 && (
        <Table
          class="cards"
          rows={addresses}
          columns={[
            { head: 'Address', class: 'name', cell: ({ address }) => address },
            { head: 'Known from', cell: sourceOf },
            {
              head: 'Actions',
              class: 'actions',
              cell: ({ address }) => (
                <form method="post" action={`/people/${name}/addresses/remove`}>
                  <input type="hidden" name="address" value={address} />
                  <button type="submit" aria-label={`Remove ${address}`}>
                    Remove
                  </button>
                </form>
              ),
            },
          ]}
        />
      )}
      <form class="panel fields" method="post" action={`/people/${name}/addresses`}>
        <Field label="Another address" {...field} required maxlength={254}>
          <button type="submit">Add</button>
        </Field>
      </form>
    </>
  );
}

function RenameForm({ name, field }: { name: string; field: FieldState }) {
  return (
    <form class="panel fields" method="post" action={`/people/${name}/rename`}>
      <Field label="Name" {...field} required maxlength={64} hint="The audit log keeps the old name where it is.">
        <button type="submit">Rename</button>
      </Field>
    </form>
  );
}

function RemoveForm({ name }: { name: string }) {
  return (
    <form class="panel fields" method="post" action={`/people/${name}/remove`}>
      <p>
        {name} loses all rights, tokens and sessions. Whoever signs in again with the same identity is somebody new:
        block a person to keep them out.
      </p>
      <button type="submit" class="danger">
        Remove {name}
      </button>
    </form>
  );
}
