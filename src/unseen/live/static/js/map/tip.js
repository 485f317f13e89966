// The small card beside a street of the map: name, tier, what is expected.

import { h } from "../dom.js";
import { streetLink } from "../route.js";
import { feedNow, unit } from "../state.js";
import { mark, tierOf, valuesOf, wordsOf } from "../tiers.js";
import { t } from "../words.js";

/** Show `sensor` at a place on the stage; `open` adds a link, for fingers that cannot hover. */
export function showTip(tip, sensor, place, size, open) {
  const tier = tierOf(sensor);
  tip.replaceChildren(
    h("strong", {}, sensor.name),
    h("span", { class: `tier ${tier}` }, mark(tier), wordsOf(sensor, feedNow())),
    h("div", { class: "muted" }, valuesOf(sensor, unit())),
  );
  if (open) tip.append(h("a", { href: streetLink(sensor.id) }, t("open")));
  tip.classList.toggle("fixed", open);
  tip.hidden = false;
  const [width, height] = [tip.offsetWidth, tip.offsetHeight];
  const left = Math.max(8, Math.min(place.x - width / 2, size.width - width - 8));
  const above = place.y - height - 18;
  tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(above < 8 ? place.y + 18 : above)}px)`;
}
