/** Countries and languages to choose from, by the names that the browser has for them. */

import { language as own, strings } from "./strings.js";

const COUNTRIES =
  "AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT " +
  "BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH " +
  "ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT HU " +
  "ID IE IL IM IN IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT " +
  "LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI " +
  "NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG " +
  "SH SI SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US " +
  "UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";
const LANGUAGES =
  "af am ar as az be bg bn bs ca cs cy da de el en es et eu fa fi fil fr ga gl gu ha he hi hr ht hu " +
  "hy id ig is it ja ka kk km kn ko ku ky lo lt lv mk ml mn mr ms mt my nb ne nl om or pa pl ps pt " +
  "qu ro ru rw si sk sl sn so sq sr st sv sw ta te tg th ti tk tl tn tr uk ur uz vi wo xh yo zh zu";

// Browsers have names for many languages, not for all; these are what their speakers call them.
const OWN_NAMES = {
  aa: "Afaraf",
  ase: "ASL",
  av: "авар мацӏ",
  ba: "башҡорт теле",
  bi: "Bislama",
  bo: "བོད་སྐད་",
  ce: "нохчийн мотт",
  cv: "чӑваш чӗлхи",
  dz: "རྫོང་ཁ",
  ff: "Pulaar",
  fj: "Vosa Vakaviti",
  gsw: "Schwiizerdütsch",
  gv: "Gaelg",
  iu: "ᐃᓄᒃᑎᑐᑦ",
  jam: "Patwa",
  kg: "Kikongo",
  ki: "Gĩkũyũ",
  kl: "kalaallisut",
  kln: "Kalenjin",
  kw: "Kernewek",
  li: "Limburgs",
  lu: "Tshiluba",
  luo: "Dholuo",
  luy: "Luluhya",
  mh: "Kajin M̧ajeļ",
  nan: "閩南語",
  nv: "Diné bizaad",
  os: "ирон æвзаг",
  pcm: "Naijá",
  rn: "Ikirundi",
  sc: "sardu",
  se: "davvisámegiella",
  sg: "Sängö",
  shi: "Tachelhit",
  ss: "siSwati",
  tum: "chiTumbuka",
  tzm: "Tamaziɣt",
  ve: "Tshivenḓa",
  zgh: "ⵜⴰⵎⴰⵣⵉⵖⵜ",
};

const names = (type) => new Intl.DisplayNames([own], { type, fallback: "code" });
const byName = (a, b) => a.name.localeCompare(b.name, own);

function options(codes, type) {
  const named = names(type);
  return codes
    .split(" ")
    .map((code) => ({ code, name: named.of(code) }))
    .sort(byName);
}

export const countries = options(COUNTRIES, "region");
export const languages = options(LANGUAGES, "language");

/** The name of a code, or the code where there is none. */
export function countryName(code) {
  return nameOf(code, "region");
}

/** The name of a language tag; where the browser has none, its own one, or that it is a language. */
export function languageName(tag) {
  const name = nameOf(tag, "language");
  if (name !== tag) return name;
  return OWN_NAMES[tag.toLowerCase()] ?? strings.languageOf(tag);
}

function nameOf(code, type) {
  try {
    return names(type).of(code) ?? code;
  } catch {
    return code; // a record may hold anything
  }
}
