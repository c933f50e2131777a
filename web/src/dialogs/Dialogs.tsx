// The dialog that is open, if any.
import { dialog } from "../store/dialogs";
import { Insights } from "./Insights";
import { Search } from "./Search";
import { Settings } from "./Settings";
import { Shortcuts } from "./Shortcuts";
import { Trash } from "./Trash";

const ALL = { search: Search, shortcuts: Shortcuts, settings: Settings, insights: Insights, trash: Trash };

export function Dialogs() {
  const Open = dialog.value && ALL[dialog.value];
  return Open ? <Open onClose={() => (dialog.value = null)} /> : null;
}
