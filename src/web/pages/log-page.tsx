import type { Context } from 'hono';
import { buildIdOf, parseJobId } from '../../kernel/model.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { linksOf } from '../../record/project-links.ts';
import type { WebEnv } from '../access/env.ts';
import { readBuild } from '../access/readable.ts';
import { nothingHere } from '../http/errors.ts';
import type { Web } from '../services.ts';
import { notesOf } from './annotations.tsx';
import { chooseJob, mayHaveLog } from './chosen-job.ts';
import { failedTestsOf } from './failed-tests.tsx';
import { answerPage } from './layout.tsx';
import { LogSection, shownLogKey } from './log.tsx';
import { Crumbs } from './page-head.tsx';
import { StatusMark } from './parts.tsx';
import { stepPlaces } from './step-places.ts';
import { Steps } from './steps.tsx';

/** `/jobs/:id/log`: the log of a job alone, over the whole window. */
export async function logPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const id = parseJobId(context.req.param('id') ?? '');
  if (id === undefined) return nothingHere(context);
  const build = await readBuild(web.database, context.get('reader'), buildIdOf(id));
  const chosen = chooseJob(build, id, context.req.query('attempt'));
  if (chosen?.job.id !== id || !mayHaveLog(chosen.job)) return nothingHere(context);
  const { job, attempt } = chosen;
  const [{ lines, noted }, failed, projects] = await Promise.all([
    stepPlaces(web, chosen),
    failedTestsOf(web.database, build, job),
    linksOf(web.database, [build.repo]),
  ]);
  const links = projects.get(build.repo);
  const annotated = {
    log: `?attempt=${attempt}`,
    lines: noted,
    fileOf: (path: string, line: number | null) => links?.file(build.sha, path, line),
  };
  const ofLog = new URLSearchParams({ job: id, attempt: String(attempt) });
  return answerPage(context, web, {
    title: `Log of ${job.name} · ${build.repo}#${build.number}`,
    section: 'builds',
    scripts: ['log'],
    content: (
      <article class="log-only" data-build={build.id}>
        <div id="job" data-live="">
          <div class="path">
            <Crumbs
              above={[
                { title: 'Builds', href: '/builds' },
                { title: build.repo, href: `/builds?repo=${build.repo}` },
                { title: `#${build.number}`, href: `/builds/${build.id}?${ofLog}` },
              ]}
              here={job.name}
            />
            <StatusMark status={job.status} />
          </div>
          <Steps
            job={job}
            lines={lines}
            annotated={annotated}
            summaryOf={(text) => ({ text, why: undefined })}
            now={serverNow()}
          />
        </div>
        <LogSection
          web={web}
          chosen={chosen}
          query={(name) => context.req.query(name)}
          base={{ attempt: String(attempt) }}
          notes={notesOf(job.steps, annotated)}
          failedTests={failed.map(({ name }) => name)}
          known={shownLogKey(context)}
        />
      </article>
    ),
  });
}
