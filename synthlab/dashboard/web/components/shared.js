// The components that this page shares with the control page of a client.

export { ClientPage } from "../../../../images/syntheticnet/web/components/client_page.js";
export { HoldButton } from "../../../../images/syntheticnet/web/components/hold_button.js";
export { html, render, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../../../../images/syntheticnet/web/components/html.js";
export { Menu } from "../../../../images/syntheticnet/web/components/menu.js";
export { NetemForm } from "../../../../images/syntheticnet/web/components/netem_form.js";
export { ProfileMenu } from "../../../../images/syntheticnet/web/components/profile_menu.js";
export { StatesBar } from "../../../../images/syntheticnet/web/components/states_bar.js";
export { TimeChart } from "../../../../images/syntheticnet/web/components/time_chart.js";
export { ValueSlider } from "../../../../images/syntheticnet/web/components/value_slider.js";
export { useNow } from "../../../../images/syntheticnet/web/components/now.js";
