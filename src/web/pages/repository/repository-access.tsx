import type { Grant } from '../../../kernel/model/access-shapes.ts';
import { serverNow } from '../../../kernel/server-time.ts';
import { Grants } from '../access/grants.tsx';

/** The roles of people and groups in a repository. */
export function RepositoryAccess({ grants, isAdmin }: { grants: readonly Grant[]; isAdmin: boolean }) {
  return (
    <>
      {grants.length === 0 ? (
        <p class="empty">No role was given here, neither to a person nor to a group.</p>
      ) : (
        <Grants grants={grants} now={serverNow()} isAdmin={false} />
      )}
      <p>
        {isAdmin ? (
          <a class="button" href="/access">
            Give or take roles
          </a>
        ) : (
          'Administrators give and take roles.'
        )}
      </p>
    </>
  );
}
