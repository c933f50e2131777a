import "@fullcalendar/preact/skeleton.css";
import "@fullcalendar/preact/themes/classic/theme.css";
import "@fullcalendar/preact/themes/classic/palette.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/parts.css";
import "./styles/popups.css";
import "./styles/panel.css";
import "./styles/form.css";
import "./styles/history.css";
import "./styles/dialogs.css";
import "./styles/settings.css";
import "./styles/calendar.css";
import "./styles/agenda.css";
import "./styles/events.css";
import "./shortcuts";

import { render } from "preact";

import { App } from "./App";

const page = document.getElementById("page");
if (page) render(<App />, page);
