import { Payload } from '../../kernel/payload.ts';

/** A new comment on a pull request, as the call of a webhook tells of it. */
export interface CommentCall {
  /** of the pull request */
  number: number;
  id: number;
  text: string;
}

/** Characters of a comment that are read. */
const longest = 500;

/** Whether the headers of a call name a comment. */
export function mayBeComment(header: (name: string) => string | undefined): boolean {
  const names = [
    'x-github-event',
    'x-gitea-event',
    'x-forgejo-event',
    'x-gitlab-event',
    'x-event-key',
    'x-pagure-topic',
  ];
  return names.some((name) =>
    /^(?:issue_comment|note hook|pullrequest:comment_created|pr:comment:added|pull-request\.comment\.added)$/i.test(
      header(name) ?? '',
    ),
  );
}

/** @returns undefined where the body is about something else, also about a comment that was changed or deleted */
export function commentCall(body: string): CommentCall | undefined {
  const payload = Payload.parse(body);
  const call = readers.find(({ holds }) => holds(payload))?.read(payload);
  const { number = null, id = null, text = null } = call ?? {};
  return number === null || id === null || text === null ? undefined : { number, id, text };
}

type Read = { [K in keyof CommentCall]: CommentCall[K] | null };

/** How each forge tells of comments. */
const readers: readonly { holds: (payload: Payload) => boolean; read: (payload: Payload) => Read }[] = [
  { holds: isOfGitHub, read: fromGitHub },
  { holds: isOfGitLab, read: fromGitLab },
  { holds: (payload) => payload.at('pullrequest').isThere, read: fromBitbucket },
  { holds: (payload) => payload.at('eventKey').text(30) === 'pr:comment:added', read: fromBitbucketDataCenter },
  { holds: (payload) => payload.at('topic').text(50) === 'pull-request.comment.added', read: fromPagure },
];

/** GitHub, Gitea and Forgejo, whose pull requests are issues. */
function isOfGitHub(payload: Payload): boolean {
  return payload.at('action').text(30) === 'created' && payload.at('issue', 'pull_request').isThere;
}

function fromGitHub(payload: Payload): Read {
  const its = payload.at('comment');
  return { number: payload.at('issue', 'number').number(), id: its.at('id').id(), text: its.at('body').text(longest) };
}

/** Older versions name no action, and call only about new ones. */
function isOfGitLab(payload: Payload): boolean {
  const its = payload.at('object_attributes');
  const isNew = (its.at('action').text(30) ?? 'create') === 'create';
  const isOnMergeRequest = its.at('noteable_type').text(30) === 'MergeRequest';
  return payload.at('object_kind').text(30) === 'note' && isOnMergeRequest && isNew;
}

function fromGitLab(payload: Payload): Read {
  const its = payload.at('object_attributes');
  return {
    number: payload.at('merge_request', 'iid').number(),
    id: its.at('id').id(),
    text: its.at('note').text(longest),
  };
}

function fromBitbucket(payload: Payload): Read {
  const its = payload.at('comment');
  return {
    number: payload.at('pullrequest', 'id').number(),
    id: its.at('id').id(),
    text: its.at('content', 'raw').text(longest),
  };
}

function fromBitbucketDataCenter(payload: Payload): Read {
  const its = payload.at('comment');
  return {
    number: payload.at('pullRequest', 'id').number(),
    id: its.at('id').id(),
    text: its.at('text').text(longest),
  };
}

/** Pagure sends all comments; the new one is the last. */
function fromPagure(payload: Payload): Read {
  const pull = payload.at('msg', 'pullrequest');
  const its = pull.at('comments').list(10_000)?.at(-1);
  return {
    number: pull.at('id').number(),
    id: its?.at('id').id() ?? null,
    text: its?.at('comment').text(longest) ?? null,
  };
}
