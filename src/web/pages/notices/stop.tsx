import type { Context } from 'hono';
import { VoltError } from '../../../kernel/errors.ts';
import { mutedText, oneClick } from '../../../kernel/notices.ts';
import { type Muted, mute, mutesOf, unmute } from '../../../record/notice-mutes.ts';
import { openNoticeTarget } from '../../../record/notice-targets.ts';
import { readStopToken, type StopLink } from '../../../secrets/stop-link.ts';
import { logAction } from '../../access/audit.ts';
import type { WebEnv } from '../../access/env.ts';
import type { Web } from '../../services.ts';
import { answerPage } from '../layout.tsx';
import { PageHead } from '../page-head.tsx';

/**
 * The page that a mail leads to, where its recipient stops such mail, or wants it again. The link is the permission: whoever has it may do
 * nothing else. Programs that follow each link of a mail change nothing, since only a form does.
 */
export async function stopPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  return answerStop(context, web, await linkIn(context, web));
}

/** Handles the forms of the page, and what mail programs send for a click (RFC 8058), which stops the list that the mail names. */
export async function stopFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const link = await linkIn(context, web);
  const { target, recipient } = link;
  const body = await context.req.parseBody();
  const [name = '', value] = oneClick.split('=');
  const isClick = body[name] === value;
  const what = isClick ? (link.repo === null ? 'all' : 'repository') : String(body.what);
  const chosen = choicesOf(link).find((each) => each.name === what);
  if (!chosen)
    throw new VoltError('bad_request', 'the form does not say what to stop', { remedy: 'Open the link again.' });
  const isUndone = body.undo !== undefined;
  if (isUndone) await unmute(web.database, { target, recipient }, chosen.muted);
  else await mute(web.database, { target, recipient }, chosen.muted);
  const action = `notice-targets.${isUndone ? 'unmute' : 'mute'}`;
  context.set('target', target);
  await logAction(web, context, { actor: recipient, action, status: isClick ? 200 : 303 });
  return isClick ? context.text('stopped') : context.redirect(context.req.path, 303);
}

type TargetLink = StopLink & { target: string };

/** What the signed link of a mail stops. @throws VoltError `not_found` for every other link, whatever is wrong with it */
async function linkIn(context: Context<WebEnv>, { database, config }: Web): Promise<TargetLink> {
  const target = context.req.param('target') ?? '';
  const opened = await openNoticeTarget(database, config, target).catch((error) => {
    if (error instanceof VoltError && error.code === 'not_found') return undefined;
    throw error;
  });
  const key = opened?.kind === 'mail' ? opened.address.secret : undefined;
  const link = key === undefined ? undefined : readStopToken(key, context.req.param('token') ?? '');
  if (link) return { ...link, target };
  throw new VoltError('not_found', 'this link stops no notices', {
    remedy: 'It may be cut off, or what sent the mail was removed. Use the link of a newer mail.',
  });
}

interface Choice {
  name: string;
  muted: Muted;
}

/** What can be stopped by a link, the least first. */
function choicesOf({ repo, branch }: StopLink): Choice[] {
  const all = { name: 'all', muted: { repo: null, branch: null } };
  if (repo === null) return [all];
  const ofRepository = { name: 'repository', muted: { repo, branch: null } };
  return [...(branch === null ? [] : [{ name: 'branch', muted: { repo, branch } }]), ofRepository, all];
}

async function answerStop(context: Context<WebEnv>, web: Web, link: TargetLink): Promise<Response> {
  const mutes = (await mutesOf(web.database.db, link.target)).filter(({ recipient }) => recipient === link.recipient);
  const isMuted = ({ muted }: Choice) =>
    mutes.some(({ repo, branch }) => repo === muted.repo && branch === muted.branch);
  const choices = choicesOf(link);
  const stopped = choices.filter(isMuted);
  const left = choices.slice(choices.findLastIndex(isMuted) + 1);
  return answerPage(context, web, {
    title: 'Stop notices',
    section: 'none',
    confidential: true,
    content: (
      <section>
        <PageHead
          title="Stop notices"
          about={
            <>
              Volt sends mail to <strong>{link.recipient}</strong> about builds.
            </>
          }
        />
        {stopped.map(({ name, muted }) => (
          <form class="panel chosen" method="post">
            <p role="status">You get no more mail {mutedText(muted)}.</p>
            <input type="hidden" name="what" value={name} />
            <button type="submit" name="undo" value="1">
              Send it again
            </button>
          </form>
        ))}
        {left.length > 0 && (
          <form class="panel fields" method="post">
            <fieldset class="choices">
              <legend>{stopped.length === 0 ? 'Send me no more mail' : 'Stop more: send me no mail'}</legend>
              {left.map(({ name, muted }, index) => (
                <label>
                  <input type="radio" name="what" value={name} checked={index === 0} /> {mutedText(muted)}
                </label>
              ))}
            </fieldset>
            <button type="submit" class={stopped.length === 0 ? 'primary' : undefined}>
              Stop
            </button>
          </form>
        )}
      </section>
    ),
  });
}
