import type { Command } from 'commander';
import { asTyped } from '../kernel/invocation.ts';
import {
  type Annotation,
  type Attempt,
  type Build,
  isFinal,
  type Job,
  type Step,
  type Trigger,
} from '../kernel/model.ts';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { FailedTests } from './failed-tests.ts';
import { configOf, jsonOption } from './options.ts';
import { buildArgumentHelp, resolveBuild } from './resolve.ts';
import { mark, paint, plain, plainLines, print, printJson, verdict } from './terminal.ts';
import { ago, took } from './times.ts';
import { approvalText, authorText, requestLines, startedBy } from './who.ts';
import { buildName, refText, verdictLine, whyText } from './wording.ts';

export function showCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('show'))
    .summary('show a build')
    .description('Shows one build: its result, its commit, its jobs and its failed tests.')
    .argument('<build>', buildArgumentHelp)
    .action(async (text: string, { json }: { json?: boolean }) => {
      const client = Client.of(configOf(command));
      const build = await resolveBuild(client, text);
      if (json) printJson(build);
      else printBuild(build, await FailedTests.of(client, build));
    });
  return {
    command,
    examples: [
      ['volt show my-project', 'the newest build of a repository'],
      ['volt show my-project#12 --json', 'a build as JSON, for scripts'],
    ],
  };
}

function printBuild(build: Build, failed: FailedTests): void {
  print(verdictLine(build));
  print(`  commit   ${build.sha} ${build.pullRequest ? 'of pull request' : 'on'} ${refText(build)}`);
  for (const url of [build.commitUrl, build.pullRequest?.url]) if (url) print(`           ${plain(url)}`);
  print(`           ${plain(build.subject)}`);
  print(`           by ${authorText(build)}`);
  if (build.runName !== null) print(`  run      ${plain(build.runName)}`);
  const started = startedBy(build);
  const cause = `${causes[build.trigger]}${started === undefined ? '' : ` by ${started}`}`;
  print(`  build    id ${build.id}, ${cause} ${ago(build.createdAt)}`);
  for (const line of requestLines(build)) print(`           ${line}`);
  const several = new Set(build.jobs.map(({ workflow }) => workflow)).size > 1;
  for (const job of build.jobs) {
    printJob(job, several);
    if (job.tests) failed.print(job.id, job.tests);
  }
  const next = nextCommand(build);
  if (next === undefined) return;
  print();
  print(paint('dim', `  ${asTyped(`volt ${next} ${buildName(build)}`)}`));
}

/** What a person would do now: decide, or read the log, if there can be one. */
function nextCommand({ status, reason, jobs }: Build): 'approve' | 'logs' | undefined {
  if (reason === 'approval_required') return 'approve';
  return isFinal(status) && jobs.every(({ attempts }) => attempts.length === 0) ? undefined : 'logs';
}

const causes: { readonly [T in Trigger]: string } = {
  commit: 'created for a commit',
  manual: 'triggered',
  schedule: 'scheduled',
  event: 'started by an event',
};

/** @param several whether the build has jobs of several workflows */
function printJob(job: Job, several: boolean): void {
  print();
  const labels = job.labels.length === 0 ? '' : `  [${job.labels.join(', ')}]`;
  const workflow = several && job.workflow !== null ? `${plain(job.workflow)} / ` : '';
  print(
    `  ${mark(job.status)} ${workflow}${paint('bold', plain(job.name))} ${verdict(job.status)}${since(job)}${labels}`,
  );
  const decision = approvalText(job.approval);
  if (decision !== undefined) print(`      ${decision}`);
  if (job.needs.length > 0) print(`      needs ${job.needs.map(plain).join(', ')}`);
  const why = whyText(job, '        ');
  if (why !== undefined) print(`      ${why}`);
  // a single attempt ended as its job did; only its runner is worth a line
  if (job.attempts.length > 1) for (const attempt of job.attempts) print(`      ${attemptLine(attempt)}`);
  else if (job.runner !== null) print(`      on ${plain(job.runner)}`);
  if (job.image) print(`      in ${plain(job.image.name)} (${plain(job.image.digest)})`);
  for (const step of job.steps) printStep(step);
}

/** Prints a step with its annotations and its summary, which is printed as it was written. */
function printStep(step: Step): void {
  print(`      ${stepLine(step)}`);
  for (const annotation of step.annotations) print(`          ${annotationText(annotation)}`);
  if (step.summary === null || step.summary.trim() === '') return;
  print(paint('dim', '          summary:'));
  print(`          ${plainLines(step.summary, '          ')}`);
}

const annotationStyles = { error: 'red', warning: 'yellow', notice: 'cyan' } as const;

/** `error: src/a.js:3:7: Title: message` */
function annotationText({ level, title, message, file, line, column }: Annotation): string {
  const location = [file, line, column].filter((part) => part !== null).join(':');
  const parts = [location, title, message].filter((part) => part !== null && part !== '');
  return `${paint(annotationStyles[level], level)}: ${plainLines(parts.join(': '), '            ')}`;
}

function attemptLine(attempt: Attempt): string {
  const where = attempt.runner === null ? '' : ` on ${plain(attempt.runner)}`;
  const why = whyText(attempt, '        ');
  return `${mark(attempt.status)} attempt ${attempt.number}${where} ${verdict(attempt.status)}${since(attempt)}${why === undefined ? '' : `: ${why}`}`;
}

function stepLine(step: Step): string {
  const code = step.exitCode === null || step.exitCode === 0 ? '' : ` exit code ${step.exitCode}`;
  const forgiven = step.status === 'success' && step.outcome === 'failure' ? ', failed (continue-on-error)' : '';
  return `${mark(step.status)} ${plain(step.name)}${since(step)}${code}${forgiven}`;
}

function since({ startedAt, finishedAt }: Pick<Step, 'startedAt' | 'finishedAt'>): string {
  const time = took(startedAt, finishedAt);
  return time === '' ? '' : paint('dim', ` ${time}`);
}
