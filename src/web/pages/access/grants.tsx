import type { Grant } from '../../../kernel/model/access-shapes.ts';
import { Age } from '../parts.tsx';
import { type Column, Table } from '../table.tsx';

interface Shown {
  grants: readonly Grant[];
  now: number;
  /** whether the reader may take roles away */
  isAdmin: boolean;
}

/** The roles that were given, each with a button that takes it away. */
export function Grants({ grants, now, isAdmin }: Shown) {
  const columns: Column<Grant>[] = [
    { head: 'Who', class: 'name', cell: ({ who }) => who.replace(/^group:/, 'everybody in ') },
    { head: 'Role', cell: ({ role }) => role },
    { head: 'Repositories', cell: ({ repos }) => (repos === '*' ? 'all' : <code>{repos}</code>) },
    { head: 'Given', cell: ({ createdAt }) => <Age time={createdAt} now={now} /> },
    { head: 'By', cell: ({ createdBy }) => createdBy },
  ];
  return (
    <Table
      class="cards"
      rows={grants}
      columns={
        isAdmin
          ? [...columns, { head: 'Actions', class: 'actions', cell: (grant) => <Revoke grant={grant} /> }]
          : columns
      }
    />
  );
}

function Revoke({ grant: { who, role, repos } }: { grant: Grant }) {
  return (
    <form class="inline" method="post" action="/access/revoke">
      <input type="hidden" name="who" value={who} />
      <input type="hidden" name="role" value={role} />
      <input type="hidden" name="repos" value={repos} />
      <button type="submit" class="danger" aria-label={`Revoke the role ${role} of ${who} for ${repos}`}>
        Revoke
      </button>
    </form>
  );
}
