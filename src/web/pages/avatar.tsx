import { createContext, useContext } from 'hono/jsx';
import { type Authored, authorName } from '../../kernel/author-name.ts';

/** Whether pages show pictures of authors: a setting says where these are. */
export const Pictures = createContext(false);

interface Shown {
  /** a build whose commit the person has made */
  build: Authored;
  /** whether the sign stands for the name, and not beside it */
  alone?: boolean;
}

/** The initials of a person as a sign beside the name, and the picture over them, if there is one. */
export function Avatar({ build, alone = false }: Shown) {
  const name = authorName(build);
  return (
    <span class="avatar" title={alone ? name : undefined} aria-hidden={alone ? undefined : 'true'}>
      {initialsOf(name)}
      {useContext(Pictures) && <img src={`/avatars/${build.id}`} alt="" loading="lazy" width={24} height={24} />}
    </span>
  );
}

/** The first letters of the first and the last word of a name. */
function initialsOf(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== '');
  const chosen = [words[0], words.length > 1 ? words.at(-1) : undefined];
  return chosen
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toUpperCase();
}
