// Every text of the page, by language. {name} is filled in; {one, other} is chosen by the count n.

const EN = {
  map: "Map", streets: "Streets", alarms: "Alarms", health: "Health", scores: "Scores",
  skip: "Skip to content", language: "Language", views: "Views", loading: "Loading …",
  green: "Green", yellow: "Yellow", red: "Red", no_data: "No data", not_enough_history: "Not enough history",
  greenExpected: "green expected {time}", yellowExpected: "yellow expected {time}, red {p}", redExpected: "red expected {time}, {p}",
  noDataNow: "no data", tooYoung: "not enough history yet", alarmOn: "alarm on", clearing: "alarm on, clearing",
  headRed: { one: "{n} street expected red by {time}", other: "{n} streets expected red by {time}" },
  headNone: "No street expected red by {time}", headEmpty: "No streets yet",
  ofAll: { one: "of {n} street, as of {time}", other: "of {n} streets, as of {time}" },
  emptyNote: "Nothing has been read from the feed so far. The map fills by itself with the first slot.",
  find: "Find a street", noMatch: "No street matches.", hiddenAll: "All tiers are hidden. Press one above to show it.",
  more: "Show more", legend: "Tiers; press to hide or show", unplaced: { one: "{n} street has no coordinates and is in the list only.", other: "{n} streets have no coordinates and are in the list only." },
  mapLabel: "Map of {n} streets. Arrow keys move, plus and minus zoom, 0 shows all, N and P step through the streets, Enter opens one.",
  zoomIn: "Zoom in", zoomOut: "Zoom out", fit: "Show all", open: "Open this street", notCurrent: "Not current: grey until new data come",
  now: "now {value}", nowForecast: "now {value}, forecast {forecast}",
  back: "Back to the map", backList: "Back to all streets", chart: "The last 24 hours, and what is expected", asTable: "As a table", shownSpan: "Shown", time: "Time", value: "Measured", state: "State", forecast: "Forecast",
  range50: "50 % range", range90: "90 % range", limitYellow: "Yellow from", limitRed: "Red from", weekAgo: "A week ago",
  keyPast: "measured", keyForecast: "forecast", key50: "50 % of outcomes", key90: "90 % of outcomes", keyWeek: "a week ago",
  keyYellow: "yellow from", keyRed: "red from", keyAlarm: "alarm on", keyGap: "no data", nowMark: "now",
  chartLabel: "Chart of {name}. Left and right keys read it point by point.", noReadings: "No readings in the last 24 hours.",
  alarmsHere: "Alarms of this street", ok: "ok", missing: "missing", stale: "old", stuck: "stuck", impossible: "impossible", filled: "filled",
  all: "All", stateOn: "On now", stateOpen: "Not acknowledged", stateAcknowledged: "Acknowledged", stateOff: "Over",
  tier: "Tier", street: "Street", since: "Since", hour: "Last hour", day: "Last 24 hours", week: "Last 7 days", anyTime: "Any time",
  allStreets: "All streets", pickStreet: "No street has exactly this name.",
  csv: "Download CSV", notify: "Notify me", notifyOff: "Stop notifying me", notifyNo: "The browser does not allow notifications for this page.",
  issued: "Issued", target: "For", chance: "Chance", expected: "Forecast", limit: "Limit", status: "Status", outcome: "Outcome", what: "What", score: "Score", why: "Why", p: "p-value",
  shown: { one: "{shown} of {n} alarm", other: "{shown} of {n} alarms" },
  noAlarms: "No alarms", noAlarmsNote: "None fits these filters.", noAlarmsEver: "None has been raised so far.",
  onNow: "on", cleared: "over {time}", acknowledgedBy: "acknowledged by {by}, {time}", note: "Note",
  came: "came true", didNot: "did not come", unknown: "not known yet", never: "cannot be known",
  acknowledge: "Acknowledge", acknowledgeOf: "Acknowledge the alarm of {name}", yourName: "Your name", noteOptional: "Note (optional)", cancel: "Cancel",
  needName: "Write your name, so that others know who looked at it.", done: "Acknowledged: {name}",
  newAlarms: { one: "{n} new alarm: {names}", other: "{n} new alarms: {names}" }, andMore: "{names} and {n} more", close: "Close", see: "See alarms",
  live: "live", polling: "polling", lost: "no connection", updated: "slot {time}", openAlarms: { one: "{n} alarm nobody has acknowledged", other: "{n} alarms nobody has acknowledged" },
  noDataFor: "No data for {age}", noDataYet: "No data yet", lostFor: "The server has not answered for {age}", staleNote: "Tiers and alarms below are not current.",
  lastGood: "Last reading {time}.",
  lastPoll: "Last poll", lastReading: "Newest reading", ago: "{age} ago", withData: "Sensors with data", ofN: "{k} of {n}", clock: "Clock of the feed",
  clockGood: "agrees with this machine", clockOff: "{age} off: check the time zone", latency: "Work per slot", worst: "longest {age}", of99: "99 % within {age}", slots: "Slots", slotsNote: "forecast {age} ahead, times in {zone}",
  errors: "Troubles of the feed, last 24 hours", noErrors: "No troubles", noErrorsNote: "All questions to the feed were answered well in the last 24 hours.", recent: "Log of the feed", kind: "Kind", states: "States of sensors, last slot", count: "Sensors", share: "Share", times: "Times", detail: "What happened",
  lastSlot: "Last slot", slotFrom: "began {time}", result: "result: {text}", stopped: "The watch was stopped",
  falseAlarms: "False red slots per sensor and day", falseAlarmsIs: "slots under an alarm that did not turn red", recall: "Red slots warned of", recallIs: "share of all red slots", precision: "Warnings that came true", precisionIs: "share of all slots under an alarm",
  onsetRecall: "Onsets warned of", onsetRecallIs: "red slots that were not red when the forecast was made", baseRate: "Red slots in all", baseRateIs: "share of all slots", coverage: "Within the 90 % band", coverageIs: "should be 90 %",
  mae: "Mean error of the forecast", maeIs: "mean absolute error", maeBeside: "Mean error, same slots as below", maeBesideIs: "where the value at the time of the forecast is known", maePersistence: "Mean error of “as it is now”", maePersistenceIs: "what the forecast has to beat", hasData: "Slots with data", hasDataIs: "share of all slots", sensorDays: "Sensor-days judged", sensorDaysIs: "what these numbers rest on", amount: "Value", measure: "Measure", is: "What it is", byDay: "Day by day", dayName: "Day", lastDays: { one: "The last {n} day whose outcomes are known, {slots} slots.", other: "The last {n} days whose outcomes are known, {slots} slots." },
  rest: "More", model: "Model", everyAge: "every {age}", unknownYet: "not known yet", notifying: "On",
  noScores: "No scores yet", noScoresNote: "They come once outcomes of forecasts are known.",
  loginTitle: "Token needed", loginNote: "This watch asks for the token it was started with.", token: "Token", enter: "Enter", wrongToken: "That is not the token.",
  failed: "This could not be loaded: {text}", again: "Try again", noSuchStreet: "There is no such street.", notJson: "the answer is not JSON",
  seconds: "{n} s", minutes: "{n} min", hours: "{n} h", days: { one: "{n} day", other: "{n} days" }, less: "< 1 %", almost: "> 99 %",
};

const ES = {
  map: "Mapa", streets: "Calles", alarms: "Alarmas", health: "Estado", scores: "Aciertos",
  skip: "Ir al contenido", language: "Idioma", views: "Vistas", loading: "Cargando …",
  green: "Verde", yellow: "Amarillo", red: "Rojo", no_data: "Sin datos", not_enough_history: "Poco historial",
  greenExpected: "verde previsto {time}", yellowExpected: "amarillo previsto {time}, rojo {p}", redExpected: "rojo previsto {time}, {p}",
  noDataNow: "sin datos", tooYoung: "aún sin historial suficiente", alarmOn: "alarma activa", clearing: "alarma activa, remitiendo",
  headRed: { one: "{n} calle en rojo prevista a las {time}", other: "{n} calles en rojo previstas a las {time}" },
  headNone: "Ninguna calle en rojo prevista a las {time}", headEmpty: "Aún no hay calles",
  ofAll: { one: "de {n} calle, a las {time}", other: "de {n} calles, a las {time}" },
  emptyNote: "Aún no se ha leído nada de la fuente. El mapa se llena solo con el primer intervalo.",
  find: "Buscar una calle", noMatch: "Ninguna calle coincide.", hiddenAll: "Todos los niveles están ocultos. Pulse uno arriba para mostrarlo.",
  more: "Mostrar más", legend: "Niveles; pulse para ocultar o mostrar", unplaced: { one: "{n} calle no tiene coordenadas y solo está en la lista.", other: "{n} calles no tienen coordenadas y solo están en la lista." },
  mapLabel: "Mapa de {n} calles. Las flechas lo mueven, más y menos amplían y reducen, 0 lo muestra todo, N y P recorren las calles, Intro abre una.",
  zoomIn: "Ampliar", zoomOut: "Reducir", fit: "Mostrar todo", open: "Abrir esta calle", notCurrent: "No actual: en gris hasta que lleguen datos",
  now: "ahora {value}", nowForecast: "ahora {value}, previsión {forecast}",
  back: "Volver al mapa", backList: "Volver a las calles", chart: "Las últimas 24 horas y lo previsto", asTable: "Como tabla", shownSpan: "Se muestra", time: "Hora", value: "Medido", state: "Estado", forecast: "Previsión",
  range50: "Intervalo del 50 %", range90: "Intervalo del 90 %", limitYellow: "Amarillo desde", limitRed: "Rojo desde", weekAgo: "Hace una semana",
  keyPast: "medido", keyForecast: "previsión", key50: "50 % de los casos", key90: "90 % de los casos", keyWeek: "hace una semana",
  keyYellow: "amarillo desde", keyRed: "rojo desde", keyAlarm: "alarma activa", keyGap: "sin datos", nowMark: "ahora",
  chartLabel: "Gráfico de {name}. Las flechas izquierda y derecha lo leen punto por punto.", noReadings: "Sin lecturas en las últimas 24 horas.",
  alarmsHere: "Alarmas de esta calle", ok: "correcto", missing: "falta", stale: "antiguo", stuck: "atascado", impossible: "imposible", filled: "rellenado",
  all: "Todas", stateOn: "Activas ahora", stateOpen: "Sin confirmar", stateAcknowledged: "Confirmadas", stateOff: "Terminadas",
  tier: "Nivel", street: "Calle", since: "Desde", hour: "Última hora", day: "Últimas 24 horas", week: "Últimos 7 días", anyTime: "Siempre",
  allStreets: "Todas las calles", pickStreet: "Ninguna calle tiene exactamente ese nombre.",
  csv: "Descargar CSV", notify: "Avisarme", notifyOff: "No avisarme más", notifyNo: "El navegador no permite avisos de esta página.",
  issued: "Emitida", target: "Para", chance: "Probabilidad", expected: "Previsión", limit: "Límite", status: "Estado", outcome: "Resultado", what: "Qué", score: "Puntuación", why: "Por qué", p: "Valor p",
  shown: { one: "{shown} de {n} alarma", other: "{shown} de {n} alarmas" },
  noAlarms: "Sin alarmas", noAlarmsNote: "Ninguna cumple estos filtros.", noAlarmsEver: "Aún no se ha emitido ninguna.",
  onNow: "activa", cleared: "terminada {time}", acknowledgedBy: "confirmada por {by}, {time}", note: "Nota",
  came: "se cumplió", didNot: "no se cumplió", unknown: "aún no se sabe", never: "no se puede saber",
  acknowledge: "Confirmar", acknowledgeOf: "Confirmar la alarma de {name}", yourName: "Su nombre", noteOptional: "Nota (opcional)", cancel: "Cancelar",
  needName: "Escriba su nombre, para que otros sepan quién la ha visto.", done: "Confirmada: {name}",
  newAlarms: { one: "{n} alarma nueva: {names}", other: "{n} alarmas nuevas: {names}" }, andMore: "{names} y {n} más", close: "Cerrar", see: "Ver alarmas",
  live: "en directo", polling: "por consultas", lost: "sin conexión", updated: "intervalo {time}", openAlarms: { one: "{n} alarma sin confirmar", other: "{n} alarmas sin confirmar" },
  noDataFor: "Sin datos desde hace {age}", noDataYet: "Aún sin datos", lostFor: "El servidor no responde desde hace {age}", staleNote: "Los niveles y alarmas de abajo no son actuales.",
  lastGood: "Última lectura {time}.",
  lastPoll: "Última consulta", lastReading: "Lectura más nueva", ago: "hace {age}", withData: "Sensores con datos", ofN: "{k} de {n}", clock: "Reloj de la fuente",
  clockGood: "coincide con esta máquina", clockOff: "{age} de diferencia: revise la zona horaria", latency: "Trabajo por intervalo", worst: "máximo {age}", of99: "99 % en {age}", slots: "Intervalos", slotsNote: "previsión a {age}, horas de {zone}",
  errors: "Problemas de la fuente, últimas 24 horas", noErrors: "Sin problemas", noErrorsNote: "La fuente ha respondido bien a todas las consultas de las últimas 24 horas.", recent: "Registro de la fuente", kind: "Tipo", states: "Estados de los sensores, último intervalo", count: "Sensores", share: "Parte", times: "Veces", detail: "Qué ocurrió",
  lastSlot: "Último intervalo", slotFrom: "empezó {time}", result: "resultado: {text}", stopped: "La vigilancia se detuvo",
  falseAlarms: "Intervalos rojos falsos por sensor y día", falseAlarmsIs: "intervalos con alarma que no fueron rojos", recall: "Intervalos rojos avisados", recallIs: "parte de todos los rojos", precision: "Avisos que se cumplieron", precisionIs: "parte de los intervalos con alarma",
  onsetRecall: "Comienzos avisados", onsetRecallIs: "rojos que no lo eran al hacer la previsión", baseRate: "Intervalos rojos en total", baseRateIs: "parte de todos los intervalos", coverage: "Dentro de la banda del 90 %", coverageIs: "debería ser 90 %",
  mae: "Error medio de la previsión", maeIs: "error absoluto medio", maeBeside: "Error medio, mismos intervalos que abajo", maeBesideIs: "donde se conoce el valor al hacer la previsión", maePersistence: "Error medio de «como ahora»", maePersistenceIs: "lo que la previsión debe mejorar", hasData: "Intervalos con datos", hasDataIs: "parte de todos los intervalos", sensorDays: "Días de sensor juzgados", sensorDaysIs: "en lo que se apoyan estos números", amount: "Valor", measure: "Medida", is: "Qué es", byDay: "Día a día", dayName: "Día", lastDays: { one: "El último {n} día con resultados conocidos, {slots} intervalos.", other: "Los últimos {n} días con resultados conocidos, {slots} intervalos." },
  rest: "Más", model: "Modelo", everyAge: "cada {age}", unknownYet: "aún no se sabe", notifying: "Activado",
  noScores: "Aún sin aciertos", noScoresNote: "Llegan cuando se conocen los resultados de las previsiones.",
  loginTitle: "Hace falta un token", loginNote: "Esta vigilancia pide el token con el que se inició.", token: "Token", enter: "Entrar", wrongToken: "Ese no es el token.",
  failed: "No se pudo cargar: {text}", again: "Reintentar", noSuchStreet: "No existe esa calle.", notJson: "la respuesta no es JSON",
  seconds: "{n} s", minutes: "{n} min", hours: "{n} h", days: { one: "{n} día", other: "{n} días" }, less: "< 1 %", almost: "> 99 %",
};

export const LANGUAGES = { en: "English", es: "Español" };
const TEXTS = { en: EN, es: ES };
const KEPT = "unseen.language";

let chosen = [localStorage.getItem(KEPT), ...navigator.languages.map((tag) => tag.slice(0, 2)), "en"].find((tag) => tag in TEXTS);

export const language = () => chosen;

export function speak(tag) {
  chosen = tag in TEXTS ? tag : "en";
  localStorage.setItem(KEPT, chosen);
  document.documentElement.lang = chosen;
}

/** The text of a key; `values.n` chooses between one and other, and may be shown another way as `values.shownAs`. */
export function t(key, values = {}) {
  const text = TEXTS[chosen][key] ?? EN[key] ?? key;
  const form = typeof text === "string" ? text : text[new Intl.PluralRules(chosen).select(values.n)] ?? text.other;
  return form.replace(/\{(\w+)\}/g, (_, name) => (name === "n" && typeof values.n === "number" ? values.n.toLocaleString(chosen) : values[name] ?? ""));
}

export const knows = (key) => key in EN;
