import type { ShownSession } from '../../schemas/account.ts';
import { browserName } from '../../text/browser-name.ts';
import { Age } from '../parts.tsx';
import { Table } from '../table.tsx';

/** The browsers in which somebody is signed in, with buttons that end sessions. */
export function Sessions({ sessions, now }: { sessions: ShownSession[]; now: number }) {
  if (sessions.length === 0) return <p class="empty">No browser has a session of yours.</p>;
  return (
    <>
      <Table
        class="cards"
        rows={sessions}
        columns={[
          {
            head: 'Browser',
            class: 'name',
            cell: ({ agent, current }) => (
              <>
                <span title={agent}>{browserName(agent)}</span> {current && <span class="label">this one</span>}
              </>
            ),
          },
          { head: 'Address', cell: ({ address }) => address },
          { head: 'By', cell: ({ provider }) => provider ?? 'token' },
          { head: 'Since', cell: ({ createdAt }) => <Age time={createdAt} now={now} /> },
          { head: 'Last used', cell: ({ lastUsedAt }) => <Age time={lastUsedAt} now={now} /> },
          { head: 'Actions', class: 'actions', cell: (session) => <End session={session} /> },
        ]}
      />
      {sessions.some(({ current }) => !current) && (
        <form method="post" action="/account/sessions/end-others">
          <button type="submit">End all others</button>
        </form>
      )}
    </>
  );
}

function End({ session: { id, agent, address } }: { session: ShownSession }) {
  return (
    <form method="post" action={`/account/sessions/${id}/end`}>
      <button type="submit" aria-label={`End the session of ${browserName(agent)} at ${address}`}>
        End
      </button>
    </form>
  );
}
