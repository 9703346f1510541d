import type { Grant } from '../../../kernel/model/access-shapes.ts';
import { serverNow } from '../../../kernel/server-time.ts';
import { Grants } from '../access/grants.tsx';
import { Command } from '../command.tsx';

interface Shown {
  repo: string;
  /** the first of them; `next` null if there are no others */
  page: { grants: readonly Grant[]; next: string | null };
  isAdmin: boolean;
}

/** The roles of people and groups in a repository. */
export function RepositoryAccess({ repo, page: { grants, next }, isAdmin }: Shown) {
  return (
    <>
      {grants.length === 0 ? (
        <p class="empty">No role was given here, neither to a person nor to a group.</p>
      ) : (
        <Grants grants={grants} now={serverNow()} isAdmin={false} />
      )}
      {next !== null && (
        <p>
          There are more: <Command line={`volt access ls --repo ${repo}`} />
        </p>
      )}
      <p>
        {isAdmin ? (
          <a class="button" href={`/access?repo=${repo}`}>
            Give or take roles
          </a>
        ) : (
          'Administrators give and take roles.'
        )}
      </p>
    </>
  );
}
