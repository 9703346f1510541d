import { type Authored, authorName } from '../../kernel/author-name.ts';
import { Avatar } from './avatar.tsx';

interface Shown {
  build: Authored;
  /** whether the initials stand before the name */
  sign?: boolean;
}

/** The author's name. What the commit says is its title where a person is named: anybody can write any address into a commit. */
export function Author({ build, sign = false }: Shown) {
  return (
    <>
      {sign && <Avatar build={build} />}
      {sign && ' '}
      {build.person === null ? (
        build.author
      ) : (
        <span title={`The commit says ${build.author}`}>{authorName(build)}</span>
      )}
    </>
  );
}
