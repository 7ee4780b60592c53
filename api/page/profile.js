/** A mentor's whole profile, with the passages that are the reasons marked where they stand. */

import { html, useEffect, useRef, useState } from "./library.js";
import { Standing } from "./cards.js";
import { Dialog } from "./dialog.js";
import { stringAt } from "./offsets.js";
import { languageName } from "./places.js";
import { Mark, Marked, Match, reasonsOf, shortened, titleOf, Who } from "./saying.js";
import { score, strings } from "./strings.js";

const CLAMPED = 80; // letters, after which the head of a narrow window cuts a headline
const PARAGRAPH = /\n\s*\n/;

/** `one`: the recommendation where the list has it; else it is asked for. */
export function Profile({ id, one: listed, goals: listedGoals, marksOf, noted, acts }) {
  const [standing, setStanding] = useState(null);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (listed) return undefined;
    let left = false;
    const set = (found) => left || setStanding(found);
    setStanding(null);
    acts.standing(id).then(set, set);
    return () => {
      left = true;
    };
  }, [!listed, tries]);
  const failed = !listed && standing instanceof Error;
  const one = listed ?? standing?.recommendation;
  const goals = listed ? listedGoals : standing?.goals;
  const title = one ? titleOf(one.mentor) : strings.profile;
  const trouble = failed && (standing.status === 404 ? strings.gone : strings.failedText);
  const again = () => {
    document.getElementById("dialog-title").focus();
    setTries(tries + 1);
  };
  return html`<${Dialog}
    name="profile"
    title=${title}
    said=${listed ? "" : one ? title : trouble || strings.working}
    onClose=${acts.close}
  >
    ${
      one
        ? html`<${Shown}
          one=${one}
          goals=${goals}
          marks=${marksOf(goals)}
          standing=${listed ? null : standing}
          noted=${noted}
          acts=${acts}
        />`
        : failed
          ? html`<div class="problem">
            <p>${trouble}</p>
            ${
              standing.status !== 404 &&
              html`<button type="button" class="secondary" onClick=${again}>${strings.again}</button>`
            }
          </div>`
          : html`<p class="fine">${strings.working}</p>`
    }
  <//>`;
}

function Shown({ one, goals, marks, standing, noted, acts }) {
  const { mentor } = one;
  const { answered, words } = reasonsOf(one);
  const spansAt = new Map();
  for (const reason of [...answered, ...words]) {
    // Where a quote is not at its place, the record has changed; nothing is marked then.
    if (stringAt(mentor, reason.field) === undefined) continue;
    const span = { start: reason.start, end: reason.end };
    if (reason.part !== "lexical") span.mark = marks.get(reason.goal) ?? 0;
    spansAt.set(reason.field, [...(spansAt.get(reason.field) ?? []), span]);
  }
  const at = (field) => {
    const text = stringAt(mentor, field);
    return text && html`<${Marked} text=${text} spans=${spansAt.get(field) ?? []} />`;
  };
  const parts = [...new Set(answered.map((reason) => reason.goal))];
  return html`
    <${Who} one=${one} />
    <div class="profile-why">
      <${Match} match=${one.match} />
      <p class="fine">${strings.chance(one.chance)}</p>
      ${standing && html`<${Standing} standing=${standing} acts=${acts} />`}
      ${
        parts.length > 0 &&
        html`<ul class="parts">
        ${parts.map(
          (part) => html`<li key=${part}>
            <${Mark} mark=${marks.get(part)} />
            <span class="part-text" dir="auto">${goals[part] && shortened(goals[part].text)}</span>
          </li>`,
        )}
      </ul>`
      }
      ${parts.length > 0 && html`<p class="fine">${strings.whyMarked}</p>`}
    </div>
    <div class="profile-text">
      ${
        mentor.headline &&
        (spansAt.has("/headline") || mentor.headline.length > CLAMPED) &&
        html`<p class="headline" dir="auto">${at("/headline")}</p>`
      }
      <${Bio} text=${mentor.bio} spans=${spansAt.get("/bio") ?? []} />
      <${Chips} title=${strings.topics} name="topics" items=${mentor.topics} at=${at} />
      ${
        mentor.experience?.length > 0 &&
        html`<section>
        <h3>${strings.experience}</h3>
        <ol class="posts">
          ${mentor.experience.map(
            (post, i) => html`<li key=${i}>
              <p class="post" dir="auto">
                ${at(`/experience/${i}/title`)}
                ${
                  post.organization &&
                  html`<span class="employer">${at(`/experience/${i}/organization`)}</span>`
                }
              </p>
              ${
                (post.start || post.end) &&
                html`<p class="fine">${post.start || "…"} – ${post.end || strings.now}</p>`
              }
              ${post.description && html`<p dir="auto">${at(`/experience/${i}/description`)}</p>`}
            </li>`,
          )}
        </ol>
      </section>`
      }
      <${Chips} title=${strings.skills} name="skills" items=${mentor.skills} at=${at} />
      ${
        mentor.looking_for &&
        html`<section>
        <h3>${strings.lookingFor}</h3>
        <p dir="auto">${at("/looking_for")}</p>
      </section>`
      }
      ${
        mentor.education?.length > 0 &&
        html`<section>
        <h3>${strings.education}</h3>
        <ul class="plain">
          ${mentor.education.map(
            (_, i) => html`<li key=${i} dir="auto">
              ${["degree", "field", "school"]
                .map((name) => at(`/education/${i}/${name}`))
                .filter(Boolean)
                .map((said, j) => html`${j > 0 ? " · " : ""}${said}`)}
            </li>`,
          )}
        </ul>
      </section>`
      }
      <${Chips} title=${strings.industries} name="industries" items=${mentor.industries} at=${at} />
      ${
        mentor.languages?.length > 0 &&
        html`<section>
        <h3>${strings.languages}</h3>
        <p>${mentor.languages.map(languageName).join(" · ")}</p>
      </section>`
      }
    </div>
    <${Score} one=${one} />
    ${acts.opine && html`<${Opinion} noted=${noted} acts=${acts} />`}
  `;
}

/** A long text in paragraphs, each with the marks that stand in it. */
function Bio({ text, spans }) {
  if (!text) return null;
  let begins = 0; // in code points
  const paragraphs = text.split(PARAGRAPH).map((paragraph) => {
    const units = text.indexOf(paragraph, begins ? unitsAt(text, begins) : 0);
    const start = [...text.slice(0, units)].length;
    const end = start + [...paragraph].length;
    begins = end;
    const within = spans
      .filter((span) => span.start < end && span.end > start)
      .map((span) => ({
        ...span,
        start: Math.max(0, span.start - start),
        end: Math.min(end, span.end) - start,
      }));
    return html`<p key=${start} dir="auto"><${Marked} text=${paragraph} spans=${within} /></p>`;
  });
  return html`<div class="bio">${paragraphs}</div>`;
}

function unitsAt(text, points) {
  return [...text].slice(0, points).join("").length;
}

function Chips({ title, name, items, at }) {
  if (!items?.length) return null;
  return html`<section>
    <h3>${title}</h3>
    <ul class="chips">
      ${items.map((_, i) => html`<li key=${i} dir="auto">${at(`/${name}/${i}`)}</li>`)}
    </ul>
  </section>`;
}

function Score({ one }) {
  const rows = Object.entries(one.contributions);
  return html`<details class="score">
    <summary>${strings.score}</summary>
    <p class="fine">${strings.scoreIntro}</p>
    <table>
      <tbody>
        ${rows.map(
          ([name, value]) => html`<tr key=${name}>
            <th scope="row">${strings.contribution[name] ?? name}</th>
            <td>${score(value)}</td>
          </tr>`,
        )}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">${strings.total}</th>
          <td>${score(one.score)}</td>
        </tr>
      </tfoot>
    </table>
  </details>`;
}

/** What the mentee thinks of the suggestion, for those who run the page. `noted`: what got there. */
function Opinion({ noted, acts }) {
  const [sent, setSent] = useState({}); // what is on its way
  const [told, setTold] = useState("");
  const newest = useRef(null);
  const rated = sent.rated ?? noted.rated;
  const met = sent.requested ?? noted.requested ?? false;
  const tell = async (event, thanks) => {
    newest.current = event;
    setSent((before) => ({ ...before, [event.event]: event.rating ?? true }));
    setTold(strings.working);
    const there = await acts.opine(event);
    setSent(({ [event.event]: _, ...others }) => others);
    if (newest.current === event) setTold(there ? thanks : strings.notNoted);
  };
  const rate = (rating) => tell({ event: "rated", rating }, strings.thanks);
  const meet = () => tell({ event: "requested" }, strings.meetNoted);
  return html`<div class="opinion">
    <fieldset>
      <legend>${strings.useful}</legend>
      ${[5, 3, 1].map(
        (rating) => html`<label key=${rating} class="pill">
          <input type="radio" name="useful" checked=${rated === rating} onChange=${() => rate(rating)} />
          ${strings.usefulAnswers[rating]}
        </label>`,
      )}
    </fieldset>
    <button type="button" class="primary" aria-disabled=${met} onClick=${() => met || meet()}>
      ${strings.meet}
    </button>
    <p role="status" class="fine">${told}</p>
  </div>`;
}
