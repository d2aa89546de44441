### The words of the pages and documents in English. The keys are the same as in fr.ftl.

## Frame
skip-to-content = Skip to content
main-navigation = Main navigation
breadcrumb = You are here
language = Language
language-en = English
language-fr = French
theme-toggle = Switch between light and dark
sign-out = Sign out
foot = Times are in UTC. What you open here is recorded in the audit log.
nav-portfolio = Overview
nav-clients = Clients
nav-models = Models
nav-drift = Data drift
nav-audit = Audit log
nav-administration = Administration
role-admin = administrator
role-adviser = adviser
role-analyst = risk analyst
role-compliance = compliance officer
notice-scored = The client has been scored again.
notice-signed-out = You are signed out.
notice-session-expired = Your session has ended. Sign in again to go on.
notice-key-created = The API key has been created.
notice-key-revoked = The API key has been revoked.
notice-drift-computed = The drift has been computed.
notice-user-disabled = The user has been disabled; their sessions have ended.
notice-user-enabled = The user may sign in again.
notice-settings-saved = The settings have been saved.

## Words used everywhere
any = Any
yes = yes
no = no
not-known = not known
never = never
search = Search
show = Show
results = Results
close = Close
name = Name
email = E-mail
password = Password
role = Role
state = State
active = active
disabled = disabled
actions = Actions
value = Value
when = When
day = Day
by = By
from = From
to = To
client = Client
clients = Clients
age = Age
income = Income
credit = Credit
feature = Feature
features = Features
decision = Decision
decisions = Decisions
decided = Decided
model = Model
portfolio = Portfolio
threshold = Threshold
probability-of-default = Probability of default
outcome-granted = Credit granted
outcome-refused = Credit refused
outcome-not-scored = Not scored
contribution = Contribution
details = Details
digest = Digest
group = Group
rows = Rows
created = Created
version = version { $version }
version-short = v{ $version }
version-heading = Version
missing-share = Missing
show-as-table = Show as a table
data-table = Data of the chart
clear-filters = Clear the filters
pages = Pages
pages-below = Pages, below the list
previous = Previous
next = Next
page-of = page { $page } of { $pages }
results-count = { $n ->
    [0] Nothing found
    [one] { $n } result
   *[other] { $n } results
}

## Units
unit-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
unit-months = { $n ->
    [one] { $n } month
   *[other] { $n } months
}
unit-years = { $n ->
    [one] { $n } year
   *[other] { $n } years
}
unit-hour = { $n }:00

## Sign in
sign-in = Sign in
sign-in-what = Credit decisions that can be explained and proved.
sign-in-button = Sign in
sign-in-error-wrong-credentials = This e-mail and password do not belong together.
sign-in-error-too-many-attempts = Too many attempts. Wait a few minutes, then try again.
sign-in-error-form-expired = The form was open for too long. Try again.
demo-logins = Demonstration: anyone may use these

## Errors
error-400 = This request cannot be read
error-400-what = Something in the address or the form is not as it should be. Go back and try again.
error-401 = Please sign in
error-401-what = This page is only for people who are signed in.
error-403 = Not permitted
error-403-what = Your role does not include this. The administrator of your bank can change it.
error-404 = Not found
error-404-what = There is nothing at this address in your bank, or there no longer is.
error-409 = Changed meanwhile
error-409-what = Someone else changed this at the same time. Open it again and look at what it is now.
error-422 = This cannot be done as asked
error-422-what = What was sent is readable, but does not fit. Nothing has been stored.
error-429 = Too many requests
error-429-what = Wait a minute, then try again.
error-500 = Something went wrong on our side
error-500-what = Nothing has been lost. Try again; if it happens again, quote the number below.
error-503 = Not available just now
error-503-what = The database does not answer. Try again in a moment.
error-other = This did not work
error-other-what = The server answered with status { $status }.
error-home = To the overview
request-id = Request

## Overview
last-decision = Last decision { $date }
scored-count = { $n } scored
grant-rate = Grant rate
granted-of = { $granted } of { $scored }
mean-pd = Mean probability of default
pd-histogram-title = Clients by probability of default
per-day-title = Decisions per day

## Clients
clients-search = Client
clients-search-hint = Number or part of a name
clients-caption = Clients with their last decision
clients-none = No clients yet
clients-none-what = This bank's portfolio is empty. Clients come in through the API or from files:
clients-no-match = No client matches
clients-no-match-what = Try a shorter part of the number or name, or fewer filters.
last-scored = Last scored
pd-bar-legend = The bar shows the probability of default on a square-root scale from 0% to 100%; the upright line is the threshold, at and above which credit is refused.

## Client file
client-title = Client { $id }
compare = Compare
compare-short = compare
compare-feature = Compare: { $label }
score-first = Score
score-again = Score again
client-not-scored = Not scored yet
client-not-scored-what = There is no decision for this client. Score the client to see the probability of default and its reasons.
gauge-summary = Probability of default { $pd }, threshold { $threshold }
gauge-threshold = threshold { $threshold }
decision-granted-why = The probability of default, { $pd }, is below the threshold of { $threshold }.
decision-refused-why = The probability of default, { $pd }, is at or above the threshold of { $threshold }.
decision-outdated = Another model version has been put in service since. Score again to use it.
reasons = Why
subjects = By subject, in log-odds
reasons-raise = What raises the risk
reasons-lower = What lowers the risk
reasons-none = Nothing that weighs much.
reason-fact = { $label }: { $value }
reason-fact-standing = { $fact }, { $standing }.
reason-fact-alone = { $fact }.
standing-lower = lower than { $share } of clients
standing-higher = higher than { $share } of clients
standing-middle = near the middle of all clients
standing-shared = like { $share } of clients
reason-raises-slightly = This slightly raises the risk.
reason-raises = This raises the risk.
reason-raises-strongly = This strongly raises the risk.
reason-lowers-slightly = This slightly lowers the risk.
reason-lowers = This lowers the risk.
reason-lowers-strongly = This strongly lowers the risk.
raises-the-risk = raises the risk
lowers-the-risk = lowers the risk
contributions = Contributions
contributions-by = Contributions by
contributions-what = From the base value to this client, in log-odds. Each bar is one contribution; together they make the score exactly.
by-feature = By feature
family-other = Other features
by-family = By family
waterfall-title = From the base value to the client's score
waterfall-summary = Waterfall of the contributions; the same numbers are in the table below
waterfall-base = Base value
waterfall-margin = This client
waterfall-axis = log-odds of default
waterfall-others = { $n ->
    [one] { $n } other
   *[other] { $n } others
}
running-total = Running total
information = Information
information-what = Open a label for what it means. The ranks say how many clients are below this one.
information-filter = Filter the information
information-label = Information
information-missing = { $n } not known
rank-all = Rank, all
rank-similar = Rank, similar
history = Decisions on this client
shown = Explanations shown
shown-none = No explanation has been shown yet.
shown-to = To
shown-where = Where
channel-page = page
channel-api = API
channel-letter = letter
audit-entry = Audit entry
explanation = Explanation

## Client file, what would change the decision
counterfactual = What would change the decision
counterfactual-what = The smallest changes within what the client can change with which this version of the model would have granted the credit. Each is scored again before it is shown. It is no promise: a new application is decided anew.
counterfactual-ask = Search for changes
counterfactual-again = Search again
counterfactual-proposal = With { $changes }, the credit would have been granted (probability of default { $pd }, threshold { $threshold }).
counterfactual-consequence = { $label }: { $to } instead of { $from }.
counterfactual-none = None of the { $n } combinations of what the client can change would have led to a grant.
counterfactual-none-found = Among { $n } combinations of what the client can change, none was found that would have led to a grant.
counterfactual-nothing-to-move = There is nothing in this application that the client can change.
counterfactual-tried = What was tried
counterfactual-tried-range = { $label }: from { $least } to { $greatest }
counterfactual-outdated = Features are computed in another way since this decision. Score the client again, then search.
list-and = { $first } and { $last }

## Comparison
comparison-title = Client { $id } compared
back-to-file = Back to the file
comparison-choose = What to compare
features-filter = Filter the features
similar-how-many = Similar clients
similar-chosen = How similar clients are chosen
similar-chosen-what = The { $k } clients out of { $n } whose values lie nearest to this one's on these features, amounts by their logarithm, each scaled by its spread:
comparison-none = Choose a feature
comparison-none-what = Its distribution among all clients and among similar clients appears here.
above-all = above { $share } of all clients
above-similar = above { $share } of similar clients
histogram-title = Distribution, with the client marked
histogram-summary = Distribution among all and among similar clients; the same numbers are in the table below
histogram-client = This client: { $value }
histogram-axis = share of clients
group-client = This client
group-all = All clients
group-similar = Similar clients
group-granted = Granted
group-refused = Refused
medians-of = { $label }: medians
median = Median
most-frequent = Most frequent
quartiles = Quartiles

## Models
models-none = No model yet
models-none-what = A risk analyst trains the first one on the command line:
alias-since = since { $date }, { $by }
versions-of = Versions of { $name }
algorithm = Algorithm
auc = AUC
created-by = made { $date } by { $by }
note = Methodological note
metrics = Metrics
auc-what = 0.5 is chance, 1 is perfect
average-precision = Average precision
chance-is = chance is { $value }
brier = Brier score
log-loss = Log loss
lower-is-better = lower is better
costs-are = missed default { $fn }, good client refused { $fp }
cost-per-client = Cost per client
metrics-measured = Measured by cross-validation on { $rows } clients the model had not seen, { $defaults } of whom defaulted ({ $rate }).
threshold-effect = At this threshold { $granted } of the clients are granted; { $missed } of those who default are missed and { $refused } of the good clients are refused.
roc-title = ROC curve
roc-x = Good clients refused
roc-y = Defaults found
roc-model = Model
roc-chance = Chance
at-the-threshold = At the threshold
calibration-title = Calibration
calibration-summary = Predicted probability against observed default rate; the same numbers are in the table below
calibration-x = Predicted probability
calibration-y = Observed default rate
calibration-model = Model
calibration-perfect = Perfect
cost-title = Business cost by threshold
cost-chosen = Chosen threshold
cost-mark = { $threshold }, cost { $cost }
granted-share = Granted
missed-defaults = Defaults missed
refused-good = Good refused
importance-title = Global contributions
importance-summary = Mean absolute contribution of the most important features; the same numbers are in the table below
importance-axis = Mean absolute contribution (log-odds)
candidates = Candidates compared
candidates-what = Stratified cross-validation with { $folds } folds; every candidate saw the same folds. Chosen is the highest AUC among those whose predictions are probabilities; weights distort them, so a weighted candidate is only shown.
candidate = Candidate
candidate-dummy = Default rate for everyone
candidate-scorecard = Scorecard
candidate-boosting = Gradient boosting
candidate-boosting-weighted = Gradient boosting, weighted
candidate-boosting-monotone = Gradient boosting, monotone
candidate-imported = Imported model
candidate-what-imported = Trained elsewhere, and measured here on labelled clients.
candidate-what-dummy = The default rate of the training rows for every client.
candidate-what-scorecard = Logistic regression on the weight of evidence of monotone bins.
candidate-what-boosting = Gradient boosted trees on all features.
candidate-what-boosting-weighted = Gradient boosted trees in which defaults weigh as much in total as good clients.
candidate-what-boosting-monotone = Gradient boosted trees that follow the dictionary's directions of risk.
imbalance = Imbalance
imbalance-dummy = none needed
imbalance-scorecard = no weights; the threshold takes the costs into account
imbalance-imported = as the model was trained
imbalance-boosting = no weights; the threshold takes the costs into account
imbalance-boosting-weighted = each default weighs { $ratio } good clients
imbalance-boosting-monotone = no weights; the threshold takes the costs into account
chosen = chosen
training-data = Training data
defaults = Defaults
seed = Seed
data-fingerprint = Data fingerprint
features-digest = Features digest
code-version = Code version
tables = Tables
table = Table
file = File
table-absent = not there
parameters = Parameters

## Drift
drift-what = Compares the clients of today with those the model was trained on.
drift-populations = { $current } against { $reference }
drift-reference = Reference
drift-current = Current
drift-compute = Compute
drift-download = Download as one file
drift-none = Nothing computed yet
drift-none-what = Choose the two populations above and compute.
drift-rows-reference = Reference clients
drift-rows-current = Current clients
drift-computed = Computed { $date } by { $by }.
drift-reading = A stability index (PSI) below 0.10 reads stable, from 0.10 moderate, from 0.25 strong, after taking off what chance alone gives with so many clients.
drift-caption = Drift by feature, worst first
verdict = Verdict
verdict-stable = stable
verdict-moderate = moderate
verdict-strong = strong
jensen-shannon = Jensen-Shannon distance
test = Test
test-kolmogorov-smirnov = KS
test-chi-square = χ²
p-adjusted = p
p-adjusted-what = p-value corrected for the number of features tested
drift-distribution-heading = Distribution
drift-distribution = Distribution in the reference and in the current population
drift-bin = { $label }: { $reference } → { $current }
drift-key-reference = reference
drift-key-current = current
drift-left-out = { $n ->
    [one] { $n } feature left out
   *[other] { $n } features left out
}

## Audit log
audit-what = Every decision, every explanation shown and every change, newest first.
audit-number = No.
audit-actor = Who
audit-action = What
audit-subject = Client or subject
audit-event = Entry { $n }
audit-none = No entry matches
address = Address
previous-digest = Previous digest
actor-user = person
actor-api-key = API key
actor-operator = operator
actor-system = system
action-signed-in = Signed in
action-sign-in-failed = Sign-in failed
action-signed-out = Signed out
action-token-issued = Token issued
action-access-denied = Access denied
action-tenant-created = Bank created
action-user-created = User created
action-user-disabled = User disabled
action-user-enabled = User enabled
action-api-key-created = API key created
action-api-key-revoked = API key revoked
action-clients-imported = Clients imported
action-client-created = Client created
action-client-changed = Client changed
action-client-viewed = Client viewed
action-model-trained = Model trained
action-model-imported = Model imported
action-alias-moved = Alias moved
action-decision-made = Decision made
action-decision-viewed = Decision viewed
action-explanation-shown = Explanation shown
action-counterfactual-shown = Changes to the decision shown
action-drift-computed = Drift computed
action-log-viewed = Log viewed

## Administration
users = Users
last-sign-in = Last sign-in
enable = Enable
disable = Disable
api-keys = API keys
keys-none = No API key yet.
key-prefix = Begins with
scopes = Scopes
last-used = Last used
revoked = revoked
revoke = Revoke
revoke-confirm = Revoke the key { $name }? Systems that use it stop working at once.
key-new = New key
key-create = Create the key
key-made = Key { $name } created
key-made-what = Copy the key now: it is shown this once and only its hash is kept.
copy = Copy
copied = Copied
scope-clients-view = view clients
scope-decisions-make = make decisions
scope-decisions-view = view decisions
scope-models-view = view models
scope-drift-view = view drift
scope-audit-view = view the audit log
scope-users-manage = manage users
scope-keys-manage = manage API keys
settings = Settings
settings-what = The costs choose the threshold when a model is trained. They are set on the command line.
fn-cost = Cost of a missed default
fp-cost = Cost of a good client refused
champion = Champion
software = Software

## Documents
document-generated = Made { $date } from the run itself.
document-print = Every number in this document comes from the model package; none was typed.
note-title = Methodological note
note-of = { $name }, version { $version }
note-summary = In short
note-summary-text = The model gives each application a probability of default and refuses credit from { $threshold } upwards. On clients it had not seen it reaches an AUC of { $auc } and a business cost of { $cost } per client.
note-1 = Data and their quality
note-1-text = The model was trained on { $rows } applications of the portfolio { $portfolio }, of which { $defaults } ({ $rate }) ended in default, described by { $features } features. { $missing } of all cells are empty; an empty cell is taken as it is, nothing is filled in.
note-1-tables = Tables that were read
note-1-absent = Tables of the portfolio that were not there; features made from them are empty:
note-1-missing = Where most is missing
note-1-warnings = Warnings of the readers
note-missing-of = Feature or family
note-2 = How imbalance is treated
note-2-text = Only { $rate } of the clients default, one for { $ratio } who repay. Accuracy would reward a model that grants everyone. The candidates are therefore compared on measures that do not depend on a threshold (AUC, average precision) and on the business cost, and the threshold is chosen from the costs instead of being left at 50%. What each candidate does besides:
note-3 = Candidates compared
note-3-text = Each candidate was trained { $folds } times on all folds but one and measured on the one left out; the folds have the same share of defaults and are the same for all. Seed { $seed }. The one chosen is marked; it was then trained on all rows. Chosen is the highest AUC among those whose predictions are probabilities; weights distort them, so a weighted candidate is only shown.
note-4 = Cost function and threshold
note-4-text = A missed default costs { $fn }, a good client refused costs { $fp } (the bank's own figures; only their ratio matters). For every threshold the cost per client is the mean over the clients held out. The lowest is at { $threshold }, with { $cost } per client.
note-4-effect = There { $granted } of the clients are granted; { $missed } of those who default are missed and { $refused } of the good clients are refused.
note-5 = How good the model is
note-5-text = All figures come from predictions on clients held out in cross-validation.
note-6 = What the model weighs
note-6-text = Contributions are exact Shapley values in log-odds: for each client they add up, with the base value, to the score. Globally the mean of their absolute values says how much each feature moves the score. For one client the strongest of them become the reasons, at most two of a family and five in each direction.
note-7 = Limits and what to watch
note-7-history = The model knows only clients who were granted credit in the past; of those who were refused nobody knows whether they would have repaid.
note-7-time = A model knows only the time its data come from. Before use, and every month after, the drift report compares current clients with those of the training.
note-7-calibration = The threshold presumes that probabilities are right: watch the calibration, and choose the threshold again when the default rate moves away from { $rate }.
note-7-costs = The costs are an assumption. Another ratio gives another threshold; the curve shows how flat the lowest point is.
note-7-cause = Contributions say what the model used, not what causes default: changing a value need not change the client's risk.
note-7-spread = Between folds the AUC varies by { $std } (one standard deviation): smaller differences between candidates mean little.
note-7-fairness = Whether groups that the law protects are treated alike is not measured in this note.
note-8 = Versions and fingerprints
drift-title = Data drift report
drift-method = Each feature is compared bin by bin (the deciles of the reference; frequent values, categories and missing values are bins of their own). The population stability index and the Jensen-Shannon distance measure how far apart the two are, the Kolmogorov-Smirnov or chi-square test whether chance could do it; its p-values are corrected for the number of features. With many clients even a harmless shift is significant, so the verdict follows the index.
drift-score = The score
drift-features = The features, worst first

# Populations that drift is measured between
drift-training-data = a sample of the training data
drift-portfolio-clients = the clients of the portfolio

# What an audit event is about
subject-client = client
subject-user = person
subject-api-key = API key
subject-decision = decision
subject-permission = right to
subject-log = audit log
subject-audit-event = entry
subject-portfolio = portfolio
subject-model-version = model version
subject-model-alias = alias
subject-drift-report = drift report
subject-tenant = bank
why-ranks = Shares of clients are among those the model learned from; the ranks in the table are among the clients of today.

## Points of a scorecard
points-title = Points table
points-scale = { $score } points at { $odds } good clients to one default; { $double } more points double these odds.
points-how = A client's score is the base points and the points of the bin each value falls in. Points above zero stand for less risk than clients have overall, points below zero for more. Points are rounded here; the model computes without rounding, and from the score before any calibration.
points-base = Base points
points-characteristics = Characteristics
points-bin = Values
points-share = Share of clients
points-default-rate = Default rate
points-woe = Weight of evidence
points-points = Points
points-strength = information value { $iv }, weight { $weight }
points-at-most = at most { $to }
points-between = above { $from }, up to { $to }
points-above = above { $from }
points-at-least = at least { $from }
points-below = less than { $to }
points-from-to = from { $from } to less than { $to }
points-all = any value
points-special = exactly { $value }
points-missing = missing
