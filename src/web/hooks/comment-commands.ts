import type { ForgeComment, ForgeComments } from '../../forge/comments/comments.ts';
import { forgeAt } from '../../forge/kinds.ts';
import { errorText, VoltError } from '../../kernel/errors.ts';
import { forgeKinds } from '../../kernel/forge-kinds.ts';
import { holds } from '../../kernel/rights.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { type NewEntry, recordAction } from '../../record/audit.ts';
import { buildForApproval, newestBuildOf } from '../../record/pull-request-builds.ts';
import { forgeOfRepository, type RepositoryForge } from '../../record/repository-forge.ts';
import { administrator } from '../../record/visibility.ts';
import { actorOf } from '../access/audit.ts';
import type { Caller } from '../access/caller.ts';
import { callerOfAccount } from '../access/forge-account.ts';
import { type Rate, RateLimiter } from '../access/rate-limit.ts';
import type { Requester } from '../access/requester.ts';
import { approveBuild } from '../requests/approvals.ts';
import { retryBuild } from '../requests/builds.ts';
import type { Web } from '../services.ts';
import { type Command, commandIn } from './command.ts';
import type { CommentCall } from './comment-calls.ts';

/** Comments with commands of one repository: each costs requests to the forge, and anybody may write comments. */
const rate: Rate = { burst: 10, perSecond: 0.1 };
/** Milliseconds that the forge has for each answer. Forges wait some 10 s for the answer to their own call. */
const patience = 3000;
/** The longest age (ms) of a comment: a call that somebody has recorded must not work again later. */
const longestAge = 3_600_000;

/** Where a command comes from. */
export interface CommandSender {
  repository: { name: string; url: string };
  /** network address of who has called */
  address: string;
}

/** How a command has ended, and what the person is to know of it. */
interface Outcome {
  /** for the audit log */
  target: string;
  status: number;
  /** undefined where the status of the build tells it */
  answer?: string;
}

/**
 * Does what comments on pull requests ask for. The call of a webhook only says that there is one: what it says, who has written it
 * and whether that account may push to the repository is asked of the forge.
 */
export class CommentCommands {
  readonly #web: Web;
  readonly #limiter = new RateLimiter(rate);

  constructor(web: Web) {
    this.#web = web;
  }

  /** Does nothing for a comment that is no command. Never rejects for what a forge or a comment does. */
  async obey(sender: CommandSender, call: CommentCall): Promise<void> {
    const { name } = sender.repository;
    if (!commandIn(call.text)) return;
    if (!this.#limiter.take(name)) return this.#passOver(name, call, 'there were too many');
    try {
      const found = await forgeOfRepository(this.#web.database, this.#web.config, sender.repository);
      if (!found) return this.#passOver(name, call, 'Volt has no token for the forge');
      const { comments } = forgeAt(found.forge, patience);
      if (comments) await this.#ask(sender, call, found, comments);
      else this.#passOver(name, call, `${forgeKinds[found.forge.kind].title} does not tell who may write`);
    } catch (error) {
      if (!(error instanceof VoltError) || error.code.startsWith('record_')) throw error;
      this.#passOver(name, call, errorText(error));
    }
  }

  #passOver(repo: string, { number, id }: CommentCall, why: string): void {
    this.#web.logger.warn(`passed over the command in comment ${id} on pull request ${number} of ${repo}: ${why}`, {
      repo,
    });
  }

  async #ask(
    sender: CommandSender,
    call: CommentCall,
    { forge, project }: RepositoryForge,
    comments: ForgeComments,
  ): Promise<void> {
    const { name } = sender.repository;
    const comment = await comments.read(project, call);
    const command = comment && commandIn(comment.text);
    if (!command) return this.#passOver(name, call, 'the forge does not show it');
    if (comment.isEdited) return this.#passOver(name, call, 'it was edited');
    if (Math.abs(serverNow() - comment.createdAt) > longestAge) return this.#passOver(name, call, 'it is too old');
    const { author } = comment;
    const mayWrite = () => comments.mayWrite(project, author);
    const caller = await callerOfAccount(this.#web.database, forge, name, author, mayWrite);
    const isAllowed = holds(caller.rights, command.name === 'approve' ? 'approve' : 'run', name);
    const outcome: Outcome = isAllowed
      ? await this.#do(name, call.number, command, caller)
      : { target: `${name}, pull request ${call.number}`, status: 403 };
    await this.#note(sender, comment, { ...actorOf(caller), action: `builds.${command.name}`, ...outcome });
    // whoever may do nothing could have Volt write any number of comments
    if (isAllowed && outcome.answer !== undefined) await comments.write(project, call.number, outcome.answer);
  }

  async #note(
    { repository: { name: repo }, address }: CommandSender,
    { text }: ForgeComment,
    { actor, person, action, target, status, answer }: Outcome & Pick<NewEntry, 'actor' | 'person' | 'action'>,
  ): Promise<void> {
    const { database, logger } = this.#web;
    await recordAction(database, { actor, person, address, action, target, status, repo });
    const ending = status === 403 ? 'refused' : (answer ?? 'done');
    logger.info(`${actor} asks for "${text.trim()}" (${target}): ${ending}`, { repo });
  }

  async #do(repo: string, number: number, command: Command, caller: Caller): Promise<Outcome> {
    const requester: Requester = { caller, reader: administrator };
    const target = `${repo}, pull request ${number}`;
    try {
      if (command.name === 'approve')
        return { target, ...(await this.#approve(requester, repo, number, command.head)) };
      if (command.name === 'retry') return { target, ...(await this.#retry(requester, repo, number)) };
    } catch (error) {
      if (!(error instanceof VoltError) || !['conflict', 'not_found'].includes(error.code)) throw error;
      return { target, status: 409, answer: `Volt: ${error.message}.` };
    }
    return { target, status: 400, answer: howTo };
  }

  async #approve(requester: Requester, repo: string, number: number, head: string) {
    const waiting = await buildForApproval(this.#web.database, repo, number);
    if (!waiting) return { status: 409, answer: 'Volt: nothing of this pull request waits for approval.' };
    const { build, job } = waiting;
    if (waiting.head !== head) {
      const answer = `Volt: nothing was approved. ${waiting.head} waits for approval, and not ${head}.`;
      return { target: build, status: 409, answer };
    }
    await approveBuild(this.#web, requester, build, { decline: false, jobs: [job] });
    return { target: build, status: 202 };
  }

  async #retry(requester: Requester, repo: string, number: number) {
    const build = await newestBuildOf(this.#web.database, repo, number);
    if (build === undefined) return { status: 409, answer: 'Volt: this pull request has no build.' };
    await retryBuild(this.#web, requester, build, true);
    return { target: build, status: 202 };
  }
}

const howTo =
  'Volt: the commands are `/volt approve` with all digits of the head commit, and `/volt retry`. Each must be the whole comment.';
