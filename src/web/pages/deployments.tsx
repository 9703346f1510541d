import type { ProjectLinks } from '../../kernel/forge-links.ts';
import type { Deployment, Environment } from '../../kernel/model/access-shapes.ts';
import { shortRef } from '../../kernel/ref-name.ts';
import { Age, CommitId, StatusMark } from './parts.tsx';

/** The environments of a repository with their rules, and its newest deployments. */
export function Deployments(shown: {
  environments: Environment[];
  deployments: Deployment[];
  links: ProjectLinks | undefined;
  now: number;
}) {
  const { environments, deployments, links, now } = shown;
  return (
    <>
      {environments.length > 0 && (
        <ul class="plain">
          {environments.map((environment) => (
            <li>
              <strong>{environment.name}</strong> · {rulesOf(environment)}
            </li>
          ))}
        </ul>
      )}
      {deployments.length > 0 && (
        <table class="refs cards">
          <tbody>
            {deployments.map(({ environment, build, number, job, ref, sha, status, url, createdAt }) => (
              <tr>
                <td>
                  <StatusMark status={status} />
                </td>
                <td class="name">{environment}</td>
                <td class="commit">
                  <span>
                    <a href={`/builds/${build}?job=${job.id}`}>#{number}</a> {job.name} · {shortRef(ref)}{' '}
                    <CommitId sha={sha} at={links?.commit(sha)} /> · <Age time={createdAt} now={now} />
                    {url !== null && (
                      <>
                        {' · '}
                        <a href={url} rel="noreferrer nofollow">
                          {url}
                        </a>
                      </>
                    )}
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function rulesOf({ branches, approve, waitMinutes }: Environment): string {
  const rules = [
    branches.length === 0 ? 'all refs' : branches.map(shortRef).join(', '),
    ...(approve ? ['needs approval'] : []),
    ...(waitMinutes > 0 ? [`waits ${waitMinutes} min`] : []),
  ];
  return rules.join(' · ');
}
