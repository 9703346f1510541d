import { type Approval, type Build, type Job, type JobId, parseJobId } from '../../kernel/model.ts';
import { Age, At } from './parts.tsx';

/** Jobs of a build that wait for approval. */
export function waitingForApproval({ jobs }: Pick<Build, 'jobs'>): Job[] {
  return jobs.filter(({ status, reason }) => status === 'waiting' && reason === 'approval_required');
}

/**
 * The buttons that approve or decline a job, or all jobs of a build that wait on the page; not those that begin to wait while a person
 * reads it.
 * @param of id of the job or the build
 */
export function ApprovalForm({ of, jobs = [], name }: { of: string; jobs?: readonly JobId[]; name?: string }) {
  const path = parseJobId(of) ? `/jobs/${of}/approve` : `/builds/${of}/approve`;
  const all = jobs.length > 1;
  const hidden = name === undefined ? null : <span class="hidden"> {name}</span>;
  return (
    <form method="post" action={path}>
      {jobs.map((job) => (
        <input type="hidden" name="job" value={job} />
      ))}
      <button type="submit" class="primary" name="decline" value="0">
        Approve{all && ' all'}
        {hidden}
      </button>
      <button type="submit" name="decline" value="1" class="danger">
        Decline{all && ' all'}
        {hidden}
      </button>
    </form>
  );
}

const words = { approved: 'Approved', declined: 'Declined', expired: 'Expired' } as const;

/** Who has approved what waited, and when. */
export function Decision({ approval: { decision, by, at, comment } }: { approval: Approval }) {
  return (
    <>
      {decision !== null && words[decision]}
      {by !== null && ` by ${by}`}
      {at !== null && (
        <>
          , <At time={at} />
        </>
      )}
      {comment !== null && `: ${comment}`}
    </>
  );
}

/** What a job deploys to, and who has approved it. */
export function Deployment({ job: { deployment, approval }, now }: { job: Job; now: number }) {
  return (
    <>
      {deployment && (
        <p class="deployment">
          Environment {deployment.environment}
          {deployment.url !== null && (
            <>
              {' '}
              <a href={deployment.url} rel="noreferrer nofollow">
                {deployment.url}
              </a>
            </>
          )}
        </p>
      )}
      {approval?.decision && (
        <p class="approval">
          <Decision approval={approval} />
        </p>
      )}
      {approval && approval.decision === null && (
        <p class="approval">
          Approval asked for <Age time={approval.askedAt} now={now} />
        </p>
      )}
    </>
  );
}
