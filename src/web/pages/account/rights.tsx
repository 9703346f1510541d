import type { Right } from '../../../kernel/rights.ts';
import { roleMeanings } from '../../../kernel/roles.ts';
import { Table } from '../table.tsx';

/** What rights allow, and where. */
export function Rights({ rights }: { rights: readonly Right[] }) {
  if (rights.length === 0) {
    return (
      <p class="empty">
        Nobody has given you a role yet. You see what everybody may see; an administrator can give you more.
      </p>
    );
  }
  return (
    <Table
      class="cards"
      rows={rights}
      columns={[
        { head: 'Role', class: 'name', cell: ({ role }) => role },
        { head: 'You may', cell: ({ role }) => roleMeanings[role] },
        { head: 'In', cell: whereOf },
      ]}
    />
  );
}

function whereOf({ repos, private: isPrivate }: Right): string {
  const all = isPrivate ? 'all repositories' : 'all repositories that are not private';
  return repos.map((glob) => (glob === '*' ? all : glob)).join(', ');
}
