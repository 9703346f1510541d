import type { BuildId, BuildSummary } from '../../kernel/model.ts';
import { Age, Progress, StatusMark, Took } from './parts.tsx';
import { shortRef } from './sentences.ts';

interface Listed {
  builds: BuildSummary[];
  /** expected duration of running builds in milliseconds, if known */
  estimates: ReadonlyMap<BuildId, number | undefined>;
  now: number;
}

/** Builds as a table; on a phone, each build is a card. */
export function BuildList({ builds, estimates, now }: Listed) {
  return (
    <table class="builds">
      <thead>
        <tr>
          <th>Status</th>
          <th>Build</th>
          <th>Commit</th>
          <th class="number">Duration</th>
          <th class="number">Age</th>
        </tr>
      </thead>
      <tbody>
        {builds.map((build) => (
          <tr id={`build-${build.id}`}>
            <td>
              <StatusMark status={build.status} />
            </td>
            <td class="name">
              <a href={`/builds/${build.id}`}>
                {build.repo}#{build.number}
              </a>
              <span class="branch">{shortRef(build.ref)}</span>
            </td>
            <td class="commit">
              <span class="subject">{build.subject}</span>
              <span class="by">
                <code title={build.sha}>{build.sha.slice(0, 7)}</code> {build.author}
                {build.trigger === 'manual' && ' · triggered manually'}
                {build.trigger === 'schedule' && ' · scheduled'}
              </span>
            </td>
            <td class="number">
              <Took from={build.startedAt} to={build.finishedAt} now={now} />
              <Progress build={build} estimate={estimates.get(build.id)} now={now} />
            </td>
            <td class="number">
              <Age time={build.createdAt} now={now} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
