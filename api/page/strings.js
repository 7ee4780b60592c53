/**
 * Every word that the pages say by themselves. To translate them, translate this file and set
 * `language` and `direction`; what mentors and mentees wrote stays as it is.
 */

const plural = (count, one, many) => (count === 1 ? one : many.replace("#", number(count)));

export const language = "en";
export const direction = "ltr";
const exact = { minimumFractionDigits: 3, maximumFractionDigits: 3 };
export const score = (value) => new Intl.NumberFormat(language, exact).format(value);
export const number = (value) => new Intl.NumberFormat(language).format(value);
const list = (items) => new Intl.ListFormat(language, { type: "conjunction" }).format(items);
const percent = (share) =>
  new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 }).format(share);

export const strings = {
  title: "Find a mentor",
  name: "Mentors",
  skip: "Skip to your goals",

  question: "Where do you want to go?",
  invitation:
    "Write it as you would tell a friend: what you do now, what you want to reach or learn, and " +
    "what is in the way. You get people who have walked that way, with the words that say so.",
  goals: "Your goals, in your own words",
  placeholder: "I have taught chemistry for eight years and want to …",
  writeFirst: "Write a few words about where you want to go.",
  ask: "Find mentors",
  asking: "Looking …",
  shortcut: "Ctrl and Enter also starts the search.",
  tooLong: (over) => `${number(over)} characters too many: keep what you want to reach.`,
  examples: "For example",
  exampleGoals: [
    "I fix petrol cars and want to learn to work on electric ones without getting hurt. How did others start?",
    "First year as a teacher, 34 children, and nobody listens. How do I get a calm classroom, and is it normal to doubt so much?",
    "I run audits at a mid-size firm and want to move into venture capital. I have no MBA: how do people get their first job there?",
  ],
  private: "Your goals stay in this tab. They are sent to find mentors, and are not kept.",

  understood: "What was understood",
  understoodLive: "Understood so far",
  heard: (count, hints) =>
    [`Understood so far: ${plural(count, "one part", "# parts")}.`, ...hints].join(" "),
  understoodHint: "Numbers mark which of your wishes a mentor's words answer.",
  help: {
    insight: "how it really is",
    skills: "a skill to learn",
    network: "people to meet",
    feedback: "an honest opinion",
    transition: "making the change",
    direction: "finding a direction",
    confidence: "courage",
    giving_back: "helping others grow",
  },
  about: { wish: "a wish", self: "about you", filler: "" },
  part: (mark) => `Part ${mark} of your goals`,

  filters: "Narrow down",
  any: "Any",
  spokenLanguage: "Language",
  languageOf: (code) => `a language (${code})`,
  country: "Country",
  hours: "Time zone",
  hoursAny: "Anywhere",
  hoursWithin: (hours) => plural(hours, "Within an hour", "Within # hours"),
  yourZone: (zone) => `You are in ${zone.replaceAll("_", " ")}.`,
  freeNow: "Free now",
  clearFilters: "Clear all filters",

  results: "Mentors for your goals",
  found: (count, first) =>
    count
      ? `${plural(count, "One mentor", "# mentors")} found. The first: ${first}.`
      : "No mentor found.",
  more: "Show more",
  moreShown: (count) => `${plural(count, "One more mentor", "# more mentors")} shown.`,
  searching: "Looking for mentors …",
  stillSearching: "Still looking; the server is slow.",

  match: { strong: "Strong match", good: "Good match", partial: "Partial match" },
  chance: (chance) =>
    `About ${percent(chance)} of readers would call this mentor useful for these goals.`,
  from: {
    headline: "headline",
    bio: "about themselves",
    experience: "experience",
    skills: "skills",
    topics: "offers help with",
    looking_for: "is looking for",
    industries: "industries",
    education: "education",
    organization: "organisation",
    seniority: "seniority",
    location: "place",
    languages: "languages",
    name: "name",
  },
  shared: "Words you share",
  sharedRelated: (term) => `near your “${term}”`,
  uncovered: (count) => (count === 1 ? "Nothing found about" : "Nothing found about these"),
  nearest: "The nearest:",
  noReasons: "No words of this profile stand out.",
  speaks: (languages) => `speaks ${list(languages)}`,
  places: ({ free, of }) =>
    free > 0
      ? `${number(free)} of ${plural(of, "one place", "# places")} free`
      : "no place free now",
  full: "no place free now",
  unavailable: "not available now",

  readProfile: "Read the profile",
  save: "Save",
  compare: "Compare",
  dismiss: "Not for me",
  whyNot: "Why not someone else?",
  nameOf: (action, headline) => `${action}: ${headline}`,
  dismissed: (count) => plural(count, "One mentor set aside.", "# mentors set aside."),
  bringBack: "Bring back",
  broughtBack: "Everybody is back.",
  allAsideTitle: "You set all of these aside",
  allAsideText: "Show more, or bring back those you set aside.",
  dismissedOne: (headline) => `Set aside: ${headline}`,

  savedTitle: "Mentors you saved",
  savedCount: (count) => `Saved (${number(count)})`,
  savedOne: (headline) => `Saved: ${headline}`,
  unsavedOne: (headline) => `No longer saved: ${headline}`,
  savedNone: "Nobody yet. “Save” below a mentor keeps them here, on this device.",
  savedNeedGoals: (count) =>
    `You saved ${plural(count, "one mentor", "# mentors")}. Write your goals, and you see why they fit.`,
  savedGone: (count) =>
    plural(count, "One mentor you saved is not here any more.", "# mentors you saved are not here any more."),
  savedForget: "Take off the list",
  backToResults: "Back to all mentors",

  compareTray: "Chosen to compare",
  compareTitle: "Side by side",
  compareNow: (count) => `Compare ${number(count)} side by side`,
  compareMore: "Choose one more to compare",
  compareMost: (headline, count) =>
    `${number(count)} fit side by side; taken off: ${headline}`,
  compareClear: "Clear",
  compareRow: {
    match: "Match",
    quote: (mark) => `On part ${mark}`,
    uncovered: "Not covered",
    place: "Where",
    languages: "Languages",
    facts: "Places",
    seniority: "Seniority",
  },
  nothing: "nothing found",
  noQuote: "no quote of its own",
  remove: "Remove",

  alikeTitle: "Others of the same kind",
  alikeIntro: "Who resembles this mentor, and why they do not come first for your goals:",
  alikeFound: (count) => `${plural(count, "One other", "# others")} of the same kind below.`,
  alikeNone: "Nobody else here resembles this mentor.",
  standsAt: (rank) => `Comes at place ${number(rank)} for your goals.`,
  standsNowhere: "Cannot be recommended now.",
  tryAdding: (words) => `Add “${words}” to my goals`,
  wouldCome: (words, rank) =>
    `With “${words}” in your goals they would come at place ${number(rank)}.`,
  working: "One moment …",

  profile: "Profile",
  close: "Close",
  whyMarked: "The passages marked below are the reasons; dotted lines are under words you share.",
  experience: "Experience",
  skills: "Skills",
  topics: "Offers help with",
  lookingFor: "Wants to help",
  education: "Education",
  industries: "Industries",
  languages: "Languages",
  now: "now",
  score: "How the score comes about",
  scoreIntro:
    "The score is the sum of these, and nothing else. Name, photo and gender play no part.",
  contribution: {
    passages: "The passages that fit best",
    profile: "The profile as a whole",
    lexical: "Words you share",
  },
  total: "Score",
  useful: "Is this a good suggestion for you?",
  usefulAnswers: { 5: "Yes", 3: "Partly", 1: "No" },
  thanks: "Thank you, noted.",
  meet: "I would like to meet them",
  meetNoted: "Noted: whoever runs this page can see that somebody would like to meet this mentor.",
  notNoted: "That did not get through. Try again.",
  gone: "This mentor is not here any more.",
  openedFirst: (headline) =>
    `You chose “${headline}”. Write your goals first, and you see how they fit.`,
  needGoals: "This link leads to a mentor. Write your goals first, and you see how they fit.",

  mapTitle: "The map",
  mapIntro: "Every point is a mentor; near each other are those whose stories are alike.",
  mapHonest:
    "A flat picture of something with hundreds of directions: near is often alike, not always. " +
    "Who is recommended is worked out from words, not from this picture.",
  mapLabel: (count) => `Map of ${plural(count, "one mentor", "# mentors")}`,
  mapHelp:
    "Arrow keys go from mentor to mentor, Enter opens one, plus and minus zoom, zero shows all.",
  mapYou: "you",
  mapZoomIn: "Zoom in",
  mapZoomOut: "Zoom out",
  mapReset: "Show all",
  mapWords: "The map in words",
  mapNone: "The map appears with the first mentors.",
  mapFailed: "The map could not be loaded.",
  mapSampled: (shown, total) => `${number(shown)} of ${number(total)} mentors are drawn.`,
  mapNearer: (share) => `closer to your goals than ${percent(share)} of all mentors`,
  mapPointAt: (headline, rank) => (rank ? `${headline}, recommendation ${number(rank)}` : headline),
  mapNearestAt: (headline, rank) =>
    rank ? `${headline}, number ${number(rank)} of the nearest` : headline,
  mapWordsEmpty: "Once you have written your goals, this lists how near to them each mentor lies.",
  legendGoal: "your goals",
  legendRecommended: "recommended",
  legendNearest: "the nearest",
  legendOther: "other mentors",
  legendAll: "mentors",

  nobodyTitle: "Nobody here fits well",
  nobodyText:
    "No mentor's words answer these goals well enough to recommend anybody. Those below are " +
    "merely the nearest; look at their words and judge for yourself.",
  nobodyTry: "Other words may help: name the field, the role or the place you mean.",
  noneTitle: "Nobody is left",
  noMentorsTitle: "Nobody is here yet",
  noMentors: "There are no mentors here yet. Come back a little later.",
  alsoFull: "Also those without a free place",
  noneText: "No mentor passes all of your filters.",
  noneLeft: (name, count) => `${name}: leaves out ${number(count)}`,
  filterNames: {
    country: "Country",
    language: "Language",
    max_hours_apart: "Time zone",
    available: "Free now",
    "exclude.ids": "Set aside by you",
  },

  offlineTitle: "You are offline",
  offlineText: "Your goals are still here. As soon as you are connected again, the search goes on.",
  onlineAgain: "You are connected again.",
  offlineBanner: "No connection just now.",
  failedTitle: "That did not work",
  failedText: "The server could not answer just now. Your goals are still here.",
  timeoutText: "The server took too long to answer. Your goals are still here.",
  busyText: (seconds) =>
    `Many are asking just now. ${plural(seconds, "Try again in a second.", "Try again in # seconds.")}`,
  closedTitle: "This page may not ask",
  closedText: "The server does not accept this page's key. Whoever runs it can mend that.",
  again: "Try again",

  footer: "Every reason is a quote from the mentor's own profile, at the place where it stands.",
  footerApi: "For developers",

  hint: {
    vague: null,
    no_wish: null,
    not_english: null,
    nobody_fits: null,
    profiles_not_english: ({ count }) =>
      `${plural(count, "One of these profiles is", "# of these profiles are")} not in English; words match less well there.`,
  },

  status: {
    title: "Status",
    keyTitle: "Who asks?",
    keyText:
      "Figures of the server are for whoever runs it. Enter an API key with the scope “admin”; it stays in this tab.",
    key: "API key",
    enter: "Show the figures",
    leave: "Forget the key",
    refused: "This key may not see the figures.",
    failed: "The figures could not be loaded.",
    refresh: "Refresh",
    at: (time) => `As of ${time}`,
    mentors: "mentors",
    free: "with a free place",
    passages: "passages",
    rejected: "rejected records",
    fresh: "Freshness",
    upToDate: "Answers know of every change",
    behind: (count) => `${plural(count, "One change is", "# changes are")} not in the answers yet`,
    snapshot: (ago, count) => `Snapshot ${ago}, ${plural(count, "one change", "# changes")} since`,
    noSnapshot: "No snapshot: the index is rebuilt at every start",
    erasure: "Somebody removed is still in a file; it is being erased",
    erased: "Nobody removed is in any file",
    encoder: "Encoder",
    movingTo: (space) => `Moving to ${space}`,
    latency: "How long answers take",
    latencyNote: (count) =>
      `${plural(count, "One recommendation", "# recommendations")} since the server started`,
    p: (share) => `${share} % within`,
    ms: (value) => (value === null ? "beyond the last bar" : `${number(value)} ms`),
    upTo: (ms) =>
      ms === null ? "longer" : ms >= 1000 ? `${number(ms / 1000)} s` : `${number(ms)} ms`,
    stages: "Where the time goes",
    requests: "Requests by answer",
    refusedAtDoor: "Refused at the door",
    quality: "How well answers fit",
    abstained: "said that nobody fits",
    meanRating: "mean rating, of 5",
    feedback: "Feedback of the last 30 days",
    events: {
      shown: "shown",
      opened: "opened",
      requested: "asked to meet",
      accepted: "accepted",
      declined: "set aside",
      rated: "rated",
    },
    perDay: (event) => `${event}, by day`,
    figure: "Figures as a table",
    none: "nothing yet",
    share: percent,
  },
};
