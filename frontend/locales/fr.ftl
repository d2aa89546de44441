### Les mots des pages et des documents en français. Les clés sont celles de en.ftl.

## Cadre
skip-to-content = Aller au contenu
main-navigation = Navigation principale
breadcrumb = Vous êtes ici
language = Langue
language-en = anglais
language-fr = français
theme-toggle = Passer du clair au sombre
sign-out = Se déconnecter
foot = Les heures sont en UTC. Ce que vous ouvrez ici est inscrit dans la piste d’audit.
nav-portfolio = Vue d’ensemble
nav-clients = Clients
nav-models = Modèles
nav-drift = Dérive des données
nav-audit = Piste d’audit
nav-administration = Administration
role-admin = administrateur
role-adviser = chargé de clientèle
role-analyst = analyste des risques
role-compliance = conformité
notice-scored = Le client a reçu un nouveau score.
notice-signed-out = Vous êtes déconnecté.
notice-session-expired = Votre session est terminée. Connectez-vous pour continuer.
notice-key-created = La clé d’API est créée.
notice-key-revoked = La clé d’API est révoquée.
notice-drift-computed = La dérive est calculée.
notice-user-disabled = L’utilisateur est désactivé ; ses sessions sont closes.
notice-user-enabled = L’utilisateur peut se connecter de nouveau.
notice-settings-saved = Les réglages sont enregistrés.

## Mots communs
any = Tous
yes = oui
no = non
not-known = non renseigné
never = jamais
search = Chercher
show = Afficher
results = Résultats
close = Fermer
name = Nom
email = Courriel
password = Mot de passe
role = Rôle
state = État
active = actif
disabled = désactivé
actions = Actions
value = Valeur
when = Quand
day = Jour
by = Par
from = Du
to = Au
client = Client
clients = Clients
age = Âge
income = Revenu
credit = Crédit
feature = Variable
features = Variables
decision = Décision
decisions = Décisions
decided = Décidé
model = Modèle
portfolio = Portefeuille
threshold = Seuil
probability-of-default = Probabilité de défaut
outcome-granted = Crédit accordé
outcome-refused = Crédit refusé
outcome-not-scored = Sans score
contribution = Contribution
details = Détails
digest = Empreinte
group = Groupe
rows = Lignes
created = Créé
version = version { $version }
version-short = v{ $version }
version-heading = Version
missing-share = Manquants
show-as-table = Voir en tableau
data-table = Données du graphique
clear-filters = Effacer les filtres
pages = Pages
pages-below = Pages, sous la liste
previous = Précédent
next = Suivant
page-of = page { $page } sur { $pages }
results-count = { $n ->
    [0] Aucun résultat
    [one] { $n } résultat
   *[other] { $n } résultats
}

## Unités
unit-days = { $n ->
    [one] { $n } jour
   *[other] { $n } jours
}
unit-months = { $n } mois
unit-years = { $n ->
    [one] { $n } an
   *[other] { $n } ans
}
unit-hour = { $n } h

## Connexion
sign-in = Connexion
sign-in-what = Des décisions de crédit que l’on peut expliquer et prouver.
sign-in-button = Se connecter
sign-in-error-wrong-credentials = Ce courriel et ce mot de passe ne vont pas ensemble.
sign-in-error-too-many-attempts = Trop d’essais. Attendez quelques minutes, puis recommencez.
sign-in-error-form-expired = Le formulaire est resté ouvert trop longtemps. Recommencez.
demo-logins = Démonstration : chacun peut utiliser ces comptes

## Erreurs
error-400 = Cette demande est illisible
error-400-what = Quelque chose dans l’adresse ou le formulaire n’est pas comme il faut. Revenez en arrière et recommencez.
error-401 = Connectez-vous
error-401-what = Cette page est réservée aux personnes connectées.
error-403 = Non autorisé
error-403-what = Votre rôle ne le permet pas. L’administrateur de votre banque peut le changer.
error-404 = Introuvable
error-404-what = Il n’y a rien à cette adresse dans votre banque, ou plus rien.
error-409 = Modifié entre-temps
error-409-what = Quelqu’un d’autre l’a modifié au même moment. Rouvrez la page pour voir son état actuel.
error-422 = Impossible tel que demandé
error-422-what = La demande est lisible mais ne convient pas. Rien n’a été enregistré.
error-429 = Trop de demandes
error-429-what = Attendez une minute, puis recommencez.
error-500 = Une erreur s’est produite de notre côté
error-500-what = Rien n’est perdu. Recommencez ; si cela se répète, citez le numéro ci-dessous.
error-503 = Indisponible pour l’instant
error-503-what = La base de données ne répond pas. Recommencez dans un instant.
error-other = Cela n’a pas abouti
error-other-what = Le serveur a répondu avec le statut { $status }.
error-home = Vers la vue d’ensemble
request-id = Demande

## Vue d’ensemble
last-decision = Dernière décision : { $date }
scored-count = { $n } avec un score
grant-rate = Taux d’accord
granted-of = { $granted } sur { $scored }
mean-pd = Probabilité de défaut moyenne
pd-histogram-title = Clients selon la probabilité de défaut
per-day-title = Décisions par jour

## Clients
clients-search = Client
clients-search-hint = Numéro ou partie du nom
clients-caption = Clients avec leur dernière décision
clients-none = Pas encore de clients
clients-none-what = Le portefeuille de cette banque est vide. Les clients arrivent par l’API ou par des fichiers :
clients-no-match = Aucun client ne correspond
clients-no-match-what = Essayez une partie plus courte du numéro ou du nom, ou moins de filtres.
last-scored = Dernier score
pd-bar-legend = La barre montre la probabilité de défaut sur une échelle en racine carrée de 0 % à 100 % ; le trait vertical est le seuil, à partir duquel le crédit est refusé.

## Dossier client
client-title = Client { $id }
compare = Comparer
compare-short = comparer
compare-feature = Comparer : { $label }
score-first = Calculer le score
score-again = Recalculer le score
client-not-scored = Pas encore de score
client-not-scored-what = Il n’y a pas de décision pour ce client. Calculez le score pour voir la probabilité de défaut et ses raisons.
gauge-summary = Probabilité de défaut { $pd }, seuil { $threshold }
gauge-threshold = seuil { $threshold }
decision-granted-why = La probabilité de défaut, { $pd }, est inférieure au seuil de { $threshold }.
decision-refused-why = La probabilité de défaut, { $pd }, atteint ou dépasse le seuil de { $threshold }.
decision-outdated = Une autre version du modèle est en service depuis. Recalculez le score pour l’utiliser.
reasons = Pourquoi
subjects = Par thème, en log-cotes
reasons-raise = Ce qui augmente le risque
reasons-lower = Ce qui diminue le risque
reasons-none = Rien qui pèse beaucoup.
reason-fact = { $label } : { $value }
reason-fact-standing = { $fact }, { $standing }.
reason-fact-alone = { $fact }.
standing-lower = plus bas que chez { $share } des clients
standing-higher = plus haut que chez { $share } des clients
standing-middle = proche du milieu de tous les clients
standing-shared = comme { $share } des clients
reason-raises-slightly = Cela augmente légèrement le risque.
reason-raises = Cela augmente le risque.
reason-raises-strongly = Cela augmente fortement le risque.
reason-lowers-slightly = Cela diminue légèrement le risque.
reason-lowers = Cela diminue le risque.
reason-lowers-strongly = Cela diminue fortement le risque.
raises-the-risk = augmente le risque
lowers-the-risk = diminue le risque
contributions = Contributions
contributions-by = Contributions par
contributions-what = De la valeur de base à ce client, en log-cotes. Chaque barre est une contribution ; ensemble elles font exactement le score.
by-feature = Par variable
family-other = Autres variables
by-family = Par famille
waterfall-title = De la valeur de base au score du client
waterfall-summary = Cascade des contributions ; les mêmes nombres sont dans le tableau ci-dessous
waterfall-base = Valeur de base
waterfall-margin = Ce client
waterfall-axis = log-cote de défaut
waterfall-others = { $n ->
    [one] { $n } autre
   *[other] { $n } autres
}
running-total = Cumul
information = Informations
information-what = Ouvrez un intitulé pour lire ce qu’il veut dire. Les rangs disent combien de clients sont en dessous de celui-ci.
information-filter = Filtrer les informations
information-label = Information
information-missing = { $n } sans valeur
rank-all = Rang, tous
rank-similar = Rang, similaires
history = Décisions sur ce client
shown = Explications montrées
shown-none = Aucune explication n’a encore été montrée.
shown-to = À qui
shown-where = Où
channel-page = page
channel-api = API
channel-letter = lettre
audit-entry = Entrée d’audit
explanation = Explication

## Dossier client, ce qui changerait la décision
counterfactual = Ce qui changerait la décision
counterfactual-what = Les plus petits changements, parmi ce que le client peut changer, avec lesquels cette version du modèle aurait accordé le crédit. Chacun est évalué de nouveau avant d’être montré. Ce n’est pas une promesse : une nouvelle demande est décidée à nouveau.
counterfactual-ask = Chercher des changements
counterfactual-again = Chercher de nouveau
counterfactual-proposal = Avec { $changes }, le crédit aurait été accordé (probabilité de défaut { $pd }, seuil { $threshold }).
counterfactual-consequence = { $label } : { $to } au lieu de { $from }.
counterfactual-none = Aucune des { $n } combinaisons de ce que le client peut changer n’aurait conduit à un accord.
counterfactual-none-found = Parmi { $n } combinaisons de ce que le client peut changer, aucune qui aurait conduit à un accord n’a été trouvée.
counterfactual-nothing-to-move = Il n’y a rien dans cette demande que le client puisse changer.
counterfactual-tried = Ce qui a été essayé
counterfactual-tried-range = { $label } : de { $least } à { $greatest }
counterfactual-outdated = Les variables se calculent autrement depuis cette décision. Recalculez le score du client, puis cherchez.
list-and = { $first } et { $last }

## Comparaison
comparison-title = Client { $id } comparé
back-to-file = Retour au dossier
comparison-choose = Que comparer
features-filter = Filtrer les variables
similar-how-many = Clients similaires
similar-chosen = Comment les clients similaires sont choisis
similar-chosen-what = Les { $k } clients sur { $n } dont les valeurs sont les plus proches de celles de ce client sur ces variables, les montants par leur logarithme, chacune rapportée à sa dispersion :
comparison-none = Choisissez une variable
comparison-none-what = Sa répartition parmi tous les clients et parmi les clients similaires apparaîtra ici.
above-all = au-dessus de { $share } de tous les clients
above-similar = au-dessus de { $share } des clients similaires
histogram-title = Répartition, avec le client marqué
histogram-summary = Répartition parmi tous les clients et parmi les similaires ; les mêmes nombres sont dans le tableau ci-dessous
histogram-client = Ce client : { $value }
histogram-axis = part des clients
group-client = Ce client
group-all = Tous les clients
group-similar = Clients similaires
group-granted = Accordés
group-refused = Refusés
medians-of = { $label } : médianes
median = Médiane
most-frequent = La plus fréquente
quartiles = Quartiles

## Modèles
models-none = Pas encore de modèle
models-none-what = Un analyste des risques entraîne le premier en ligne de commande :
alias-since = depuis le { $date }, { $by }
versions-of = Versions de { $name }
algorithm = Algorithme
auc = AUC
created-by = fait le { $date } par { $by }
note = Note méthodologique
metrics = Mesures
auc-what = 0,5 : le hasard ; 1 : parfait
average-precision = Précision moyenne
chance-is = le hasard donne { $value }
brier = Score de Brier
log-loss = Perte logarithmique
lower-is-better = plus bas est meilleur
costs-are = défaut manqué { $fn }, bon client refusé { $fp }
cost-per-client = Coût par client
metrics-measured = Mesuré par validation croisée sur { $rows } clients que le modèle n’avait pas vus, dont { $defaults } en défaut ({ $rate }).
threshold-effect = À ce seuil, { $granted } des clients obtiennent le crédit ; { $missed } des défauts sont manqués et { $refused } des bons clients sont refusés.
roc-title = Courbe ROC
roc-x = Bons clients refusés
roc-y = Défauts détectés
roc-model = Modèle
roc-chance = Hasard
at-the-threshold = Au seuil
calibration-title = Calibration
calibration-summary = Probabilité prédite et taux de défaut observé ; les mêmes nombres sont dans le tableau ci-dessous
calibration-x = Probabilité prédite
calibration-y = Taux de défaut observé
calibration-model = Modèle
calibration-perfect = Parfaite
cost-title = Coût métier selon le seuil
cost-chosen = Seuil retenu
cost-mark = { $threshold }, coût { $cost }
granted-share = Accordés
missed-defaults = Défauts manqués
refused-good = Bons refusés
importance-title = Contributions globales
importance-summary = Contribution absolue moyenne des variables les plus importantes ; les mêmes nombres sont dans le tableau ci-dessous
importance-axis = Contribution absolue moyenne (log-cote)
candidates = Candidats comparés
candidates-what = Validation croisée stratifiée à { $folds } plis ; chaque candidat a vu les mêmes plis. Est retenue l’AUC la plus haute parmi les candidats dont les prédictions sont des probabilités ; les poids les déforment : un candidat pondéré n’est que montré.
candidate = Candidat
candidate-dummy = Taux de défaut pour tous
candidate-scorecard = Grille de score
candidate-boosting = Boosting de gradient
candidate-boosting-weighted = Boosting de gradient pondéré
candidate-boosting-monotone = Boosting de gradient monotone
candidate-imported = Modèle importé
candidate-what-imported = Entraîné ailleurs et mesuré ici sur des clients dont le remboursement est connu.
candidate-what-dummy = Le taux de défaut des lignes d’entraînement pour chaque client.
candidate-what-scorecard = Régression logistique sur le poids de l’évidence de classes monotones.
candidate-what-boosting = Arbres à gradient boosté sur toutes les variables.
candidate-what-boosting-weighted = Arbres à gradient boosté où les défauts pèsent au total autant que les bons clients.
candidate-what-boosting-monotone = Arbres à gradient boosté qui suivent les sens de risque du dictionnaire.
imbalance = Déséquilibre
imbalance-dummy = sans objet
imbalance-scorecard = sans poids ; le seuil tient compte des coûts
imbalance-imported = tel que le modèle a été entraîné
imbalance-boosting = sans poids ; le seuil tient compte des coûts
imbalance-boosting-weighted = chaque défaut pèse { $ratio } bons clients
imbalance-boosting-monotone = sans poids ; le seuil tient compte des coûts
chosen = retenu
training-data = Données d’entraînement
defaults = Défauts
seed = Graine
data-fingerprint = Empreinte des données
features-digest = Empreinte des variables
code-version = Version du code
tables = Tables
table = Table
file = Fichier
table-absent = absente
parameters = Paramètres

## Dérive
drift-what = Compare les clients d’aujourd’hui à ceux de l’entraînement du modèle.
drift-populations = { $current } par rapport à { $reference }
drift-reference = Référence
drift-current = Actuel
drift-compute = Calculer
drift-download = Télécharger en un fichier
drift-none = Rien n’est encore calculé
drift-none-what = Choisissez les deux populations ci-dessus et calculez.
drift-rows-reference = Clients de référence
drift-rows-current = Clients actuels
drift-computed = Calculé le { $date } par { $by }.
drift-reading = Un indice de stabilité (PSI) inférieur à 0,10 se lit stable, dès 0,10 modéré, dès 0,25 fort, une fois retiré ce que donne le seul hasard avec autant de clients.
drift-caption = Dérive par variable, la pire d’abord
verdict = Verdict
verdict-stable = stable
verdict-moderate = modérée
verdict-strong = forte
jensen-shannon = Distance de Jensen-Shannon
test = Test
test-kolmogorov-smirnov = KS
test-chi-square = χ²
p-adjusted = p
p-adjusted-what = valeur p corrigée pour le nombre de variables testées
drift-distribution-heading = Répartition
drift-distribution = Répartition dans la population de référence et dans l’actuelle
drift-bin = { $label } : { $reference } → { $current }
drift-key-reference = référence
drift-key-current = actuel
drift-left-out = { $n ->
    [one] { $n } variable laissée de côté
   *[other] { $n } variables laissées de côté
}

## Piste d’audit
audit-what = Chaque décision, chaque explication montrée et chaque changement, du plus récent au plus ancien.
audit-number = N°
audit-actor = Qui
audit-action = Quoi
audit-subject = Client ou objet
audit-event = Entrée { $n }
audit-none = Aucune entrée ne correspond
address = Adresse
previous-digest = Empreinte précédente
actor-user = personne
actor-api-key = clé d’API
actor-operator = opérateur
actor-system = système
action-signed-in = Connexion
action-sign-in-failed = Connexion échouée
action-signed-out = Déconnexion
action-token-issued = Jeton émis
action-access-denied = Accès refusé
action-tenant-created = Banque créée
action-user-created = Utilisateur créé
action-user-disabled = Utilisateur désactivé
action-user-enabled = Utilisateur réactivé
action-api-key-created = Clé d’API créée
action-api-key-revoked = Clé d’API révoquée
action-clients-imported = Clients importés
action-client-created = Client créé
action-client-changed = Client modifié
action-client-viewed = Dossier consulté
action-model-trained = Modèle entraîné
action-model-imported = Modèle importé
action-alias-moved = Alias déplacé
action-decision-made = Décision prise
action-decision-viewed = Décision consultée
action-explanation-shown = Explication montrée
action-counterfactual-shown = Changements de la décision montrés
action-drift-computed = Dérive calculée
action-log-viewed = Piste consultée

## Administration
users = Utilisateurs
last-sign-in = Dernière connexion
enable = Réactiver
disable = Désactiver
api-keys = Clés d’API
keys-none = Pas encore de clé d’API.
key-prefix = Commence par
scopes = Portées
last-used = Dernier usage
revoked = révoquée
revoke = Révoquer
revoke-confirm = Révoquer la clé { $name } ? Les systèmes qui l’utilisent cesseront aussitôt de fonctionner.
key-new = Nouvelle clé
key-create = Créer la clé
key-made = Clé { $name } créée
key-made-what = Copiez la clé maintenant : elle n’est montrée que cette fois et seule son empreinte est gardée.
copy = Copier
copied = Copié
scope-clients-view = voir les clients
scope-decisions-make = prendre des décisions
scope-decisions-view = voir les décisions
scope-models-view = voir les modèles
scope-drift-view = voir la dérive
scope-audit-view = voir la piste d’audit
scope-users-manage = gérer les utilisateurs
scope-keys-manage = gérer les clés d’API
settings = Réglages
settings-what = Les coûts fixent le seuil quand un modèle est entraîné. Ils se règlent en ligne de commande.
fn-cost = Coût d’un défaut manqué
fp-cost = Coût d’un bon client refusé
champion = Champion
software = Logiciel

## Documents
document-generated = Fait le { $date } à partir de l’exécution elle-même.
document-print = Chaque nombre de ce document vient du paquet du modèle ; aucun n’a été saisi.
note-title = Note méthodologique
note-of = { $name }, version { $version }
note-summary = En bref
note-summary-text = Le modèle donne à chaque demande une probabilité de défaut et refuse le crédit à partir de { $threshold }. Sur des clients qu’il n’avait pas vus, il atteint une AUC de { $auc } et un coût métier de { $cost } par client.
note-1 = Les données et leur qualité
note-1-text = Le modèle a été entraîné sur { $rows } demandes du portefeuille { $portfolio }, dont { $defaults } ({ $rate }) ont fini en défaut, décrites par { $features } variables. { $missing } des cases sont vides ; une case vide est prise telle quelle, rien n’est complété.
note-1-tables = Tables lues
note-1-absent = Tables du portefeuille absentes ; les variables qui en viennent sont vides :
note-1-missing = Où il manque le plus
note-1-warnings = Avertissements à la lecture
note-missing-of = Variable ou famille
note-2 = Le traitement du déséquilibre
note-2-text = Seuls { $rate } des clients font défaut, un pour { $ratio } qui remboursent. L’exactitude récompenserait un modèle qui accorde à tous. Les candidats sont donc comparés sur des mesures qui ne dépendent pas d’un seuil (AUC, précision moyenne) et sur le coût métier, et le seuil est choisi d’après les coûts au lieu d’être laissé à 50 %. Ce que chaque candidat fait en outre :
note-3 = Les candidats comparés
note-3-text = Chaque candidat a été entraîné { $folds } fois sur tous les plis sauf un et mesuré sur celui laissé de côté ; les plis ont la même part de défauts et sont les mêmes pour tous. Graine { $seed }. Celui qui est retenu est marqué ; il a ensuite été entraîné sur toutes les lignes. Est retenue l’AUC la plus haute parmi les candidats dont les prédictions sont des probabilités ; les poids les déforment : un candidat pondéré n’est que montré.
note-4 = La fonction de coût et le seuil
note-4-text = Un défaut manqué coûte { $fn }, un bon client refusé coûte { $fp } (les chiffres de la banque ; seul leur rapport compte). Pour chaque seuil, le coût par client est la moyenne sur les clients mis de côté. Le plus bas est à { $threshold }, avec { $cost } par client.
note-4-effect = À ce seuil, { $granted } des clients obtiennent le crédit ; { $missed } des défauts sont manqués et { $refused } des bons clients sont refusés.
note-5 = La qualité du modèle
note-5-text = Tous les chiffres viennent de prédictions sur des clients mis de côté dans la validation croisée.
note-6 = Ce qui pèse dans le modèle
note-6-text = Les contributions sont des valeurs de Shapley exactes, en log-cotes : pour chaque client, elles font le score en s’ajoutant à la valeur de base. Globalement, la moyenne de leurs valeurs absolues dit combien chaque variable déplace le score. Pour un client, les plus fortes deviennent les raisons, au plus deux par famille et cinq dans chaque sens.
note-7 = Les limites et ce qu’il faut surveiller
note-7-history = Le modèle ne connaît que des clients qui ont obtenu un crédit ; de ceux qui ont été refusés, nul ne sait s’ils auraient remboursé.
note-7-time = Un modèle ne connaît que l’époque de ses données. Avant l’usage, puis chaque mois, le rapport de dérive compare les clients actuels à ceux de l’entraînement.
note-7-calibration = Le seuil suppose des probabilités justes : surveillez la calibration, et choisissez de nouveau le seuil quand le taux de défaut s’éloigne de { $rate }.
note-7-costs = Les coûts sont une hypothèse. Un autre rapport donne un autre seuil ; la courbe montre combien le point le plus bas est plat.
note-7-cause = Les contributions disent ce que le modèle a utilisé, non ce qui cause le défaut : changer une valeur ne change pas forcément le risque du client.
note-7-spread = D’un pli à l’autre, l’AUC varie de { $std } (un écart type) : de plus petites différences entre candidats signifient peu.
note-7-fairness = Cette note ne mesure pas si les groupes que la loi protège sont traités de même.
note-8 = Versions et empreintes
drift-title = Rapport de dérive des données
drift-method = Chaque variable est comparée classe par classe (les déciles de la référence ; les valeurs fréquentes, les catégories et les valeurs manquantes font leurs propres classes). L’indice de stabilité de population et la distance de Jensen-Shannon mesurent l’écart entre les deux, le test de Kolmogorov-Smirnov ou du χ² dit si le hasard suffirait ; ses valeurs p sont corrigées pour le nombre de variables. Avec beaucoup de clients, même un écart sans conséquence est significatif : le verdict suit donc l’indice.
drift-score = Le score
drift-features = Les variables, la pire d’abord

# Populations entre lesquelles la dérive est mesurée
drift-training-data = un échantillon des données d’entraînement
drift-portfolio-clients = les clients du portefeuille

# What an audit event is about
subject-client = client
subject-user = personne
subject-api-key = clé d’API
subject-decision = décision
subject-permission = droit de
subject-log = piste d’audit
subject-audit-event = entrée
subject-portfolio = portefeuille
subject-model-version = version de modèle
subject-model-alias = alias
subject-drift-report = rapport de dérive
subject-tenant = banque
why-ranks = Les parts de clients se rapportent à ceux dont le modèle a appris ; les rangs du tableau, aux clients d’aujourd’hui.

## Points d’une grille de score
points-title = Table des points
points-scale = { $score } points pour { $odds } bons clients contre un défaut ; { $double } points de plus doublent ce rapport.
points-how = Le score d’un client est la somme des points de base et des points de la classe de chacune de ses valeurs. Des points positifs indiquent un risque inférieur à celui de l’ensemble des clients, des points négatifs un risque supérieur. Les points sont arrondis ici ; le modèle calcule sans arrondi, et avant tout calibrage.
points-base = Points de base
points-characteristics = Caractéristiques
points-bin = Valeurs
points-share = Part des clients
points-default-rate = Taux de défaut
points-woe = Poids de l’évidence
points-points = Points
points-strength = valeur d’information { $iv }, poids { $weight }
points-at-most = au plus { $to }
points-between = plus de { $from }, jusqu’à { $to }
points-above = plus de { $from }
points-at-least = au moins { $from }
points-below = moins de { $to }
points-from-to = de { $from } à moins de { $to }
points-all = toute valeur
points-special = exactement { $value }
points-missing = valeur absente
